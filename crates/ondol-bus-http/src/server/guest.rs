//! Who asks, and who may.

use std::collections::BTreeSet;

use http::{HeaderMap, header};
use ondol_kernel::Timestamp;

use crate::{Secret, Token};

/// Who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guest {
    /// Every service of the house.
    Every,
    /// These services alone.
    Only(BTreeSet<String>),
}

impl Guest {
    /// Whether a service may come in.
    pub fn admits(&self, service: &str) -> bool {
        match self {
            Self::Every => true,
            Self::Only(named) => named.contains(service),
        }
    }
}

/// The service that has shown a good token.
pub(super) fn who(headers: &HeaderMap, secret: &Secret, now: Timestamp) -> Option<String> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token: Token = shown.strip_prefix("Bearer ")?.parse().ok()?;
    let checked = secret.check(&token, now);
    checked.inspect_err(|error| tracing::warn!(%error, "a token of a service was refused")).ok()
}
