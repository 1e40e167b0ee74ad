//! Money: a whole number of a currency's smallest unit, and never a fraction of one.
//!
//! Every operation is checked and says so when it cannot be exact: amounts of two currencies do
//! not add, sums do not wrap, and a conversion names its rate and how it rounds. Floating-point
//! numbers do not come near it; in JSON an amount is text, so no reader can round it.

mod currency;
mod rate;
mod text;

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use currency::{Currency, CurrencyError};
pub use rate::{Rate, RateError, Rounding};
pub use text::ParseMoneyError;

/// An amount of one currency, in its smallest unit; it may be negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why an amount cannot be worked out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// Two currencies met where one is needed.
    #[error("{left} and {right} are amounts of different currencies")]
    DifferentCurrencies {
        /// The first.
        left: Currency,
        /// The second.
        right: Currency,
    },
    /// The result does not fit.
    #[error("the result is beyond the largest amount of {currency} that can be held")]
    Overflow {
        /// The currency of the result.
        currency: Currency,
    },
    /// Money was to be shared among nobody.
    #[error("an amount cannot be shared when the shares add up to nothing")]
    NoShares,
}

impl Money {
    /// So many of a currency's smallest unit.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, of a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// How many of the currency's smallest unit.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_add)
    }

    /// The difference.
    ///
    /// # Errors
    /// When the currencies differ or the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_sub)
    }

    /// So many times the amount.
    ///
    /// # Errors
    /// When the product does not fit.
    pub fn checked_mul(self, times: i64) -> Result<Self, MoneyError> {
        self.fitting(self.minor.checked_mul(times))
    }

    /// The same amount owed instead of owned.
    ///
    /// # Errors
    /// For the one amount whose negative does not fit.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        self.fitting(self.minor.checked_neg())
    }

    /// The sum of amounts of one currency.
    ///
    /// # Errors
    /// When one is of another currency or the sum does not fit.
    pub fn checked_sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Which is more; nothing is known of amounts of different currencies.
    pub fn checked_cmp(self, other: Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }

    /// Shares the amount out by weights so that the shares add up to exactly it: what does not
    /// divide goes, one smallest unit each, to the first shares of non-zero weight.
    ///
    /// # Errors
    /// When there are no weights or they add up to nothing.
    pub fn allocate(self, weights: &[u32]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
        if total == 0 {
            return Err(MoneyError::NoShares);
        }
        let minor = i128::from(self.minor);
        let mut shares: Vec<i128> =
            weights.iter().map(|&weight| minor * i128::from(weight) / total).collect();
        let mut left = minor - shares.iter().sum::<i128>();
        for (share, _) in shares.iter_mut().zip(weights).filter(|(_, weight)| **weight > 0) {
            *share += left.signum();
            left -= left.signum();
        }
        shares.into_iter().map(|share| self.fitting(i64::try_from(share).ok())).collect()
    }

    /// The amount in another currency, at a rate, rounded as stated.
    ///
    /// # Errors
    /// When the rate is for another currency or the result does not fit.
    pub fn convert(self, rate: &Rate, rounding: Rounding) -> Result<Self, MoneyError> {
        if rate.from() != self.currency {
            return Err(MoneyError::DifferentCurrencies {
                left: self.currency,
                right: rate.from(),
            });
        }
        let minor = rate.apply(self.minor, rounding);
        minor
            .map(|minor| Self::new(minor, rate.to()))
            .ok_or(MoneyError::Overflow { currency: rate.to() })
    }

    fn with(
        self,
        other: Self,
        combine: impl FnOnce(i64, i64) -> Option<i64>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::DifferentCurrencies {
                left: self.currency,
                right: other.currency,
            });
        }
        self.fitting(combine(self.minor, other.minor))
    }

    fn fitting(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        minor
            .map(|minor| Self::new(minor, self.currency))
            .ok_or(MoneyError::Overflow { currency: self.currency })
    }
}

impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.checked_cmp(*other)
    }
}

/// `{"amount":"1234.50","currency":"USD"}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(borrow)]
    amount: std::borrow::Cow<'a, str>,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { amount: text::plain(*self).into(), currency: self.currency }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        text::amount(&written.amount, written.currency).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
