//! Interest: what the bank pays, or asks, for money over time.
//!
//! A rate is so many millionths a year, and a year has 365 days, also when it has 366. What is due
//! for a day is the balance times the rate over 365 days, rounded down to the currency's smallest
//! unit; what was cut off is *carried* to the next day, exactly. So however many days there are,
//! what was paid in all is what was due in all, rounded down once.

use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

/// What a year's interest on one smallest unit is counted in: millionths, over 365 days.
const PARTS: i128 = 365 * 1_000_000;

/// The highest rate there is: 100 % a year.
pub const YEARLY_MAX: u32 = 1_000_000;

/// Interest a year, in millionths: 25,000 are 2.5 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Yearly(u32);

/// Why a number is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a rate is at most {YEARLY_MAX} millionths a year, found {found}")]
pub struct YearlyError {
    /// What was found.
    pub found: u32,
}

/// What was cut off when interest was rounded down, in parts of a smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Carried(u32);

impl Yearly {
    /// So many millionths a year.
    ///
    /// # Errors
    /// When they are more than there may be.
    pub const fn new(millionths: u32) -> Result<Self, YearlyError> {
        if millionths > YEARLY_MAX {
            return Err(YearlyError { found: millionths });
        }
        Ok(Self(millionths))
    }

    /// In millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The interest on a balance for so many days, and what is carried over from it. Nothing is due
    /// on what is not there.
    pub fn due(self, balance: Money, days: u32, carried: Carried) -> (Money, Carried) {
        let balance_minor = i128::from(balance.minor().max(0));
        let parts = balance_minor * i128::from(self.0) * i128::from(days) + i128::from(carried.0);
        // A rate is at most 100 % a year: for less than 365 days this is less than the balance.
        let whole = i64::try_from(parts / PARTS).unwrap_or(i64::MAX);
        let left = u32::try_from(parts % PARTS).unwrap_or_default();
        (Money::new(whole, balance.currency()), Carried(left))
    }
}

impl TryFrom<u32> for Yearly {
    type Error = YearlyError;

    fn try_from(millionths: u32) -> Result<Self, YearlyError> {
        Self::new(millionths)
    }
}

impl From<Yearly> for u32 {
    fn from(yearly: Yearly) -> Self {
        yearly.0
    }
}
