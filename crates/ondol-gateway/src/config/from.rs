//! The table of a route that says from where it may be called.

use ondol_resilience::Mode;
use serde::{Deserialize, Serialize};

/// From where a route may be called. What is denied is denied, even where it is allowed as well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FromOptions {
    /// `off`, `observe` or `enforce`, which it is if not given.
    #[serde(skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// Addresses, or `address/bits`, of clients that may; all, if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Addresses, or `address/bits`, of clients that may not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
}

/// Whether a policy is carried out, which goes without saying.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(super) fn is_enforced(mode: &Mode) -> bool {
    *mode == Mode::Enforce
}
