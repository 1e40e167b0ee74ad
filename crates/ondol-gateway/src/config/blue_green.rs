//! The table of a route that two backends serve in turn.

use serde::{Deserialize, Serialize};

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// The one.
    Blue,
    /// The other.
    Green,
}

impl Colour {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }

    /// The one that does not serve.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Blue => Self::Green,
            Self::Green => Self::Blue,
        }
    }
}

/// Two backends of which one serves while the other is ready to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlueGreenOptions {
    /// A backend.
    pub blue: String,
    /// Another.
    pub green: String,
    /// The one that serves. What was switched by hand holds until this changes.
    pub active: Colour,
}
