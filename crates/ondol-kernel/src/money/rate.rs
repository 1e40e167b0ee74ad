//! An exchange rate, and how what does not divide is rounded.
//!
//! A rate is a decimal number of at most 18 significant digits, so that a product with any
//! amount is worked out exactly, in 128 bits, and rounded once.

use std::fmt;

use rust_decimal::Decimal;

use super::Currency;

/// How many of one currency are paid for one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    from: Currency,
    to: Currency,
    value: Decimal,
}

/// Why a number cannot serve as a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// It is nothing or less.
    #[error("a rate is more than nothing, found {value}")]
    NotPositive {
        /// What was found.
        value: Decimal,
    },
    /// It has too many digits to be applied exactly.
    #[error("a rate has at most 18 significant digits, found {value}")]
    TooPrecise {
        /// What was found.
        value: Decimal,
    },
}

/// Which way an amount goes that is not a whole number of the smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves to the even neighbour: no drift over many amounts.
    HalfEven,
    /// To the nearest, halves away from nothing: what people expect of a bill.
    HalfUp,
    /// Towards nothing: never more than is due.
    Down,
    /// Away from nothing: never less than is due.
    Up,
}

impl Rate {
    const MANTISSA_MAX: i128 = 999_999_999_999_999_999;

    /// One `from` is worth so many `to`.
    ///
    /// # Errors
    /// When the value is not more than nothing, or has over 18 significant digits.
    pub fn new(from: Currency, to: Currency, value: Decimal) -> Result<Self, RateError> {
        let value = value.normalize();
        if value <= Decimal::ZERO {
            return Err(RateError::NotPositive { value });
        }
        if value.mantissa() > Self::MANTISSA_MAX {
            return Err(RateError::TooPrecise { value });
        }
        Ok(Self { from, to, value })
    }

    /// The currency that is converted.
    pub const fn from(&self) -> Currency {
        self.from
    }

    /// The currency it becomes.
    pub const fn to(&self) -> Currency {
        self.to
    }

    /// How many of the second one of the first is worth.
    pub const fn value(&self) -> Decimal {
        self.value
    }

    /// `minor × value`, between the currencies' smallest units, unless it does not fit.
    pub(super) fn apply(&self, minor: i64, rounding: Rounding) -> Option<i64> {
        let product = i128::from(minor).checked_mul(self.value.mantissa())?;
        let finer = self.to.exponent();
        let coarser = self.value.scale() + self.from.exponent();
        let result = if finer >= coarser {
            product.checked_mul(10_i128.checked_pow(finer - coarser)?)?
        } else {
            divide(product, 10_i128.checked_pow(coarser - finer)?, rounding)
        };
        i64::try_from(result).ok()
    }
}

/// Divides by something positive, rounding once.
fn divide(dividend: i128, divisor: i128, rounding: Rounding) -> i128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    // |rest| < divisor, and comparing it with what is missing cannot overflow as doubling might.
    let against_half = rest.abs().cmp(&(divisor - rest.abs()));
    let away = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest != 0,
        Rounding::HalfUp => against_half.is_ge(),
        Rounding::HalfEven => against_half.is_gt() || (against_half.is_eq() && quotient % 2 != 0),
    };
    if away { quotient + dividend.signum() } else { quotient }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 {} = {} {}", self.from, self.value, self.to)
    }
}
