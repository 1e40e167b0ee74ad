//! Who asks: the name of a service and a time, signed with the secret of the house.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use aws_lc_rs::hmac;
use ondol_kernel::Timestamp;

/// The least bytes of a secret.
pub const SECRET_BYTES_MIN: usize = 32;
/// How long a token is good for.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// How far the clocks of two machines may be apart.
const CLOCKS_APART: Duration = Duration::from_secs(30);
const VERSION: &str = "ondol1";

/// The secret that the services of a house share.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// Why a text cannot be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret has at least {SECRET_BYTES_MIN} bytes, found {found}")]
pub struct SecretError {
    /// How many there are.
    pub found: usize,
}

/// A token: which service asks, until when it is good, and the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    service: String,
    until: u64,
    signature: Vec<u8>,
}

/// Why a token is no good. Whoever showed it is told none of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no token.
    #[error("it is no token")]
    Malformed,
    /// It was signed with another secret.
    #[error("it was signed with another secret")]
    Forged,
    /// It is no longer good, or not for so long.
    #[error("it is not good at this time")]
    Expired,
}

impl Secret {
    /// A secret, once it is long enough.
    ///
    /// # Errors
    /// When it is too short to be one.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let found = text.trim().len();
        if found < SECRET_BYTES_MIN {
            return Err(SecretError { found });
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, text.trim().as_bytes())))
    }

    /// A token for a service, good for a minute.
    pub fn token(&self, service: &str, now: Timestamp) -> Token {
        let until = seconds(now).saturating_add(GOOD_FOR.as_secs());
        let signed = hmac::sign(&self.0, said(service, until).as_bytes());
        Token { service: service.to_owned(), until, signature: signed.as_ref().to_vec() }
    }

    /// Which service has shown a token. How long the look takes says nothing of the secret.
    ///
    /// # Errors
    /// When the token is no good.
    pub fn check(&self, token: &Token, now: Timestamp) -> Result<String, TokenError> {
        let said = said(&token.service, token.until);
        hmac::verify(&self.0, said.as_bytes(), &token.signature)
            .map_err(|_unspecified| TokenError::Forged)?;
        let (now, apart) = (seconds(now), CLOCKS_APART.as_secs());
        let latest = now.saturating_add(GOOD_FOR.as_secs()).saturating_add(apart);
        if token.until.saturating_add(apart) < now || token.until > latest {
            return Err(TokenError::Expired);
        }
        Ok(token.service.clone())
    }
}

fn seconds(time: Timestamp) -> u64 {
    time.as_unix_millis() / 1_000
}

fn said(service: &str, until: u64) -> String {
    format!("{VERSION}.{until}.{service}")
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}.{}.", self.until)?;
        self.signature.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, ".{}", self.service)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let mut parts = text.splitn(4, '.');
        let mut next = || parts.next().ok_or(TokenError::Malformed);
        let (version, until, signature, service) = (next()?, next()?, next()?, next()?);
        if version != VERSION || signature.len() != 64 || service.is_empty() {
            return Err(TokenError::Malformed);
        }
        let digits = signature.as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            let text = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(text, 16).ok()
        };
        let signature = digits.map(byte).collect::<Option<Vec<u8>>>();
        Ok(Self {
            service: service.to_owned(),
            until: until.parse().map_err(|_number| TokenError::Malformed)?,
            signature: signature.ok_or(TokenError::Malformed)?,
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests;
