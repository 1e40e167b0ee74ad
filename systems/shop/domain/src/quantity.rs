//! How many of a product: one at least, and no more than a warehouse holds.

use serde::{Deserialize, Serialize};

/// The most of one product that can be asked for or counted at once.
pub const QUANTITY_MAX: u32 = 1_000_000;

/// So many pieces of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// Why a number is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is between 1 and {QUANTITY_MAX}, found {found}")]
pub struct QuantityError {
    /// What was found.
    pub found: u32,
}

impl Quantity {
    /// One piece.
    pub const ONE: Self = Self(1);

    /// So many pieces.
    ///
    /// # Errors
    /// When there are none, or more than a warehouse holds.
    pub const fn new(pieces: u32) -> Result<Self, QuantityError> {
        if pieces == 0 || pieces > QUANTITY_MAX {
            return Err(QuantityError { found: pieces });
        }
        Ok(Self(pieces))
    }

    /// How many pieces.
    pub const fn pieces(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityError;

    fn try_from(pieces: u32) -> Result<Self, QuantityError> {
        Self::new(pieces)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
