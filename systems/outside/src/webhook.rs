//! Webhooks: who is told, and how he knows that it is us.
//!
//! The header says when it was sent and carries an HMAC-SHA-256 over that moment and the body:
//! `t=1764288000,v1=6a09…`. Whoever receives it works the HMAC out anew, and refuses what is
//! older than he allows: a letter that was caught on its way cannot be sent again next week.

use aws_lc_rs::hmac;
use http::Uri;
use serde::{Deserialize, Serialize};

/// The header that says when a letter was sent, and proves by whom.
pub const SIGNATURE: &str = "outside-signature";
/// How short a secret may be.
const SECRET_BYTES_MIN: usize = 16;
/// How long.
const SECRET_BYTES_MAX: usize = 256;

/// Who is told of what happens at a provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Where letters are sent.
    pub url: String,
    /// What they are signed with.
    pub secret: String,
}

/// Why letters cannot be sent there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// It is not an address of this machine.
    #[error("letters are sent to http:// addresses of this machine, found {found:?}")]
    Address {
        /// What was found.
        found: String,
    },
    /// The secret is too easy to guess, or too long.
    #[error("a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes, found {found}")]
    Secret {
        /// How many it has.
        found: usize,
    },
}

impl Hook {
    /// Whether letters can be sent there. The outside world stands on one machine, and so does
    /// whoever listens: an address elsewhere is refused, however it is written.
    ///
    /// # Errors
    /// When they cannot.
    pub fn check(&self) -> Result<(), HookError> {
        let refused = || HookError::Address { found: self.url.clone() };
        let uri: Uri = self.url.parse().map_err(|_not_an_address| refused())?;
        let here = ["127.0.0.1", "localhost", "[::1]"];
        let authority = uri.authority().ok_or_else(refused)?;
        let is_plain = uri.scheme_str() == Some("http") && !authority.as_str().contains('@');
        if !is_plain || !here.contains(&authority.host()) {
            return Err(refused());
        }
        let found = self.secret.len();
        if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&found) {
            return Err(HookError::Secret { found });
        }
        Ok(())
    }
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The header's value for a body that is sent at a moment, in seconds since 1970.
pub fn signature(secret: &str, at_seconds: u64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{at_seconds}.").as_bytes());
    context.update(body);
    format!("t={at_seconds},v1={}", hex(context.sign().as_ref()))
}

/// Bytes as two digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text can grow");
        text
    })
}

#[cfg(test)]
mod tests;
