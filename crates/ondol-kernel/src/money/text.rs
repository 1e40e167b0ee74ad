//! Money as people write it: `1,200,000 KRW`, `-12.34 USD`.

use std::fmt;
use std::str::FromStr;

use super::{Currency, CurrencyError, Money};

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseMoneyError {
    /// It is not a number, a space and a currency.
    #[error("money is written as 1,200,000 KRW or 12.34 USD, found {found:?}")]
    Shape {
        /// What was found.
        found: String,
    },
    /// The currency is not known.
    #[error("the amount has no currency that is known")]
    Currency(#[from] CurrencyError),
    /// The amount is finer than the currency's smallest unit.
    #[error("{currency} has {exponent} decimals, found {found:?}")]
    TooFine {
        /// The currency.
        currency: Currency,
        /// How many decimals it has.
        exponent: u32,
        /// What was found.
        found: String,
    },
    /// The amount does not fit.
    #[error("{found:?} is beyond the largest amount that can be held")]
    TooLarge {
        /// What was found.
        found: String,
    },
}

impl FromStr for Money {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, ParseMoneyError> {
        let (number, currency) = text.split_once(' ').ok_or_else(|| shape(text))?;
        amount(number, currency.parse()?)
    }
}

/// Reads `-1,234.50`: grouped in threes or not at all, with no more decimals than the currency has.
pub(super) fn amount(number: &str, currency: Currency) -> Result<Money, ParseMoneyError> {
    let (negative, unsigned) =
        number.strip_prefix('-').map_or((false, number), |unsigned| (true, unsigned));
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let dangling_point = unsigned.ends_with('.');
    if !is_grouped(whole) || !all_digits(decimals) || dangling_point || number.len() > 40 {
        return Err(shape(number));
    }
    let exponent = currency.exponent();
    let missing = usize::try_from(exponent)
        .ok()
        .and_then(|exponent| exponent.checked_sub(decimals.len()))
        .ok_or_else(|| ParseMoneyError::TooFine { currency, exponent, found: number.into() })?;
    let sign = if negative { "-" } else { "" };
    let digits = format!("{sign}{}{decimals}{}", whole.replace(',', ""), "0".repeat(missing));
    let minor =
        digits.parse().map_err(|_unparsed| ParseMoneyError::TooLarge { found: number.into() })?;
    Ok(Money::new(minor, currency))
}

/// Whether these are digits, and commas, if any, stand before every third from the right.
fn is_grouped(whole: &str) -> bool {
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let Some((first, rest)) = whole.split_once(',') else {
        return digits(whole);
    };
    first.len() <= 3
        && digits(first)
        && rest.split(',').all(|group| group.len() == 3 && digits(group))
}

fn shape(found: &str) -> ParseMoneyError {
    ParseMoneyError::Shape { found: found.chars().take(64).collect() }
}

/// The amount alone, without grouping: what machines read.
pub(super) fn plain(money: Money) -> String {
    let (sign, whole, decimals) = parts(money);
    format!("{sign}{whole}{decimals}")
}

/// The sign, the whole units, and the decimals with their point.
fn parts(money: Money) -> (&'static str, String, String) {
    let unit = 10_u64.pow(money.currency.exponent());
    let minor = money.minor.unsigned_abs();
    let decimals = match money.currency.exponent() {
        0 => String::new(),
        exponent => format!(".{:0width$}", minor % unit, width = exponent as usize),
    };
    (if money.minor < 0 { "-" } else { "" }, (minor / unit).to_string(), decimals)
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, whole, decimals) = parts(*self);
        let mut grouped = String::with_capacity(32);
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        f.pad(&format!("{sign}{grouped}{decimals} {}", self.currency))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
