//! The lines of an order, and what they add up to.

use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::{ProductId, Quantity};

/// How many lines an order has at most.
pub const LINES_MAX: u32 = 100;

/// So many of a product, each at this price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The product.
    pub product: ProductId,
    /// How many.
    pub pieces: Quantity,
    /// What one costs.
    pub price: Money,
}

/// Why lines do not add up to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum TotalError {
    /// There are none.
    #[error("an order has one line at least")]
    NoLines,
    /// A product stands in it twice.
    #[error("a product stands in an order once")]
    SameProductTwice,
    /// Nothing is given away.
    #[error("every price is more than nothing")]
    NotAPrice,
    /// The prices are in several currencies, or the sum does not fit.
    #[error("the prices do not add up to one amount of money")]
    NoSum,
}

/// What lines add up to.
///
/// # Errors
/// When they cannot be an order.
pub fn total(lines: &[Line]) -> Result<Money, TotalError> {
    let first = lines.first().ok_or(TotalError::NoLines)?;
    let mut sum = Money::zero(first.price.currency());
    for (at, line) in lines.iter().enumerate() {
        if lines[..at].iter().any(|earlier| earlier.product == line.product) {
            return Err(TotalError::SameProductTwice);
        }
        if !line.price.is_positive() {
            return Err(TotalError::NotAPrice);
        }
        let costs = line.price.checked_mul(i64::from(line.pieces.pieces()));
        let added = costs.and_then(|costs| sum.checked_add(costs));
        sum = added.map_err(|_error| TotalError::NoSum)?;
    }
    Ok(sum)
}
