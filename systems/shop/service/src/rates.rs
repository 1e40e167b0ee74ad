//! What other currencies cost, and how an amount is rounded on the way.
//!
//! Rates are kept as so many won for one of another currency, and two others are converted by way
//! of the won. A converted price is rounded half up to the smallest unit of its currency: what people
//! expect of a bill. A price that the shop has set itself is never converted.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use ondol_kernel::{Currency, Money, Rate, Rounding};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shop_domain::order::Region;

/// To how many decimals a rate between two currencies is worked out.
const RATE_DECIMALS: u32 = 12;

/// How many won one of another currency costs, as text: a number would be rounded by somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RateTable(pub BTreeMap<Currency, String>);

impl Default for RateTable {
    fn default() -> Self {
        let table = [
            (Currency::USD, "1392.40"),
            (Currency::EUR, "1611.25"),
            (Currency::JPY, "9.13"),
            (Currency::GBP, "1836.70"),
        ];
        Self(table.into_iter().map(|(currency, won)| (currency, won.to_owned())).collect())
    }
}

/// What is wrong with a table of rates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rate of {currency} is a number above nothing, found {found:?}")]
pub struct RatesError {
    /// Of which currency.
    pub currency: Currency,
    /// What was found.
    pub found: String,
}

/// Rates that can be used.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    won: BTreeMap<Currency, Decimal>,
}

impl Rates {
    pub(crate) fn of(table: &RateTable) -> Result<Self, RatesError> {
        let mut won = BTreeMap::from([(Currency::KRW, Decimal::ONE)]);
        for (currency, text) in &table.0 {
            let value = Decimal::from_str(text).ok().filter(|value| *value > Decimal::ZERO);
            let wrong = || RatesError { currency: *currency, found: text.clone() };
            won.insert(*currency, value.ok_or_else(wrong)?);
        }
        Ok(Self { won })
    }

    /// What a thing costs in a currency: as the shop has set it, or else converted from the
    /// currency that its price is kept in. Nothing, when nobody knows.
    pub(crate) fn price(
        &self,
        prices: &BTreeMap<Currency, Money>,
        kept_in: Currency,
        currency: Currency,
    ) -> Option<Money> {
        if let Some(price) = prices.get(&currency) {
            return Some(*price);
        }
        self.convert(*prices.get(&kept_in)?, currency)
    }

    /// An amount in another currency.
    pub(crate) fn convert(&self, amount: Money, to: Currency) -> Option<Money> {
        let (from_won, to_won) = (self.won.get(&amount.currency())?, self.won.get(&to)?);
        let value = from_won.checked_div(*to_won)?.round_dp(RATE_DECIMALS);
        let rate = Rate::new(amount.currency(), to, value).ok()?;
        let converted = amount.convert(&rate, Rounding::HalfUp).ok()?;
        // A thing that costs something costs something everywhere.
        converted.is_positive().then_some(converted)
    }

    pub(crate) fn knows(&self, currency: Currency) -> bool {
        self.won.contains_key(&currency)
    }
}

/// The currency in which a region pays.
pub(crate) const fn currency_of(region: Region) -> Currency {
    match region {
        Region::Us => Currency::USD,
        Region::Eu => Currency::EUR,
        Region::Asia => Currency::KRW,
    }
}

#[cfg(test)]
mod tests;
