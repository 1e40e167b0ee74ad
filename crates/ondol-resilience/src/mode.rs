//! Whether a policy acts, watches, or sleeps.

use serde::{Deserialize, Serialize};

/// How far a policy may go. Every policy has one, and it can be changed while running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Calls pass untouched and unmeasured.
    Off,
    /// Everything is measured and decided, and counted as `would_…`, but every call passes.
    Observe,
    /// Decisions are carried out.
    #[default]
    Enforce,
}

impl Mode {
    /// The mode with this number, as `as u8` gives it.
    pub(crate) const fn of(number: u8) -> Self {
        match number {
            0 => Self::Off,
            1 => Self::Observe,
            _ => Self::Enforce,
        }
    }
}
