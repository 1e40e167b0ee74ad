//! Who is asking.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::ControlProblem;
use crate::config::ControlOptions;

/// Bytes of a token.
const TOKEN_BYTES_MIN: usize = 16;

/// Somebody who has shown a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) read_only: bool,
}

impl Who {
    /// Whose token is shown. All are looked at, and each in a time that says nothing about it.
    pub(super) fn of(
        options: &ControlOptions,
        headers: &HeaderMap,
    ) -> Result<Self, ControlProblem> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let shown = values.next().filter(|_| values.next().is_none());
        let shown = shown.map_or(&b""[..], HeaderValue::as_bytes);
        let shown = shown.strip_prefix(b"Bearer ").unwrap_or_default();
        let mut found = None;
        for (name, token) in &options.tokens {
            let held = std::fs::read_to_string(&token.file).unwrap_or_default();
            let held = held.trim().as_bytes();
            if held.len() < TOKEN_BYTES_MIN {
                tracing::warn!(
                    name,
                    "its token is missing, or shorter than {TOKEN_BYTES_MIN} bytes"
                );
                continue;
            }
            if is_same(held, shown) {
                found = Some(Self { name: name.clone(), read_only: token.read_only });
            }
        }
        found.ok_or(ControlProblem::Unauthorised)
    }
}

/// Whether two are the same, in a time that depends on their lengths alone.
pub(crate) fn is_same(held: &[u8], shown: &[u8]) -> bool {
    let differs = held.iter().zip(shown).fold(0, |all, (one, other)| all | (one ^ other));
    held.len() == shown.len() && std::hint::black_box(differs) == 0
}
