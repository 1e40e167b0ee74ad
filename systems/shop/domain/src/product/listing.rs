//! What the shop says of a product: its names, its category, its prices.

use std::collections::BTreeMap;
use std::fmt;

use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

/// How long a name or a category may be, in characters.
pub const NAME_CHARACTERS_MAX: u32 = 120;

/// In how many currencies the shop may set a price.
pub const PRICES_MAX: u32 = 32;

/// What a product is called, by language.
pub type Names = BTreeMap<Language, String>;

/// A language that the shop speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean.
    Ko,
    /// English.
    En,
}

impl Language {
    /// The one in which everything has a name.
    pub const FIRST: Self = Self::Ko;
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ko => "Korean",
            Self::En => "English",
        })
    }
}

/// A product as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    names: Names,
    category: String,
    kept_in: Currency,
    prices: BTreeMap<Currency, Money>,
}

impl Listing {
    pub(super) fn new(names: Names, category: String, price: Money) -> Self {
        let kept_in = price.currency();
        Self { names, category, kept_in, prices: BTreeMap::from([(kept_in, price)]) }
    }

    /// What it is called.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// What kind of thing it is.
    pub fn category(&self) -> &str {
        &self.category
    }

    /// The currency that its prices elsewhere are worked out from.
    pub const fn kept_in(&self) -> Currency {
        self.kept_in
    }

    /// What it costs where the shop has set a price.
    pub const fn prices(&self) -> &BTreeMap<Currency, Money> {
        &self.prices
    }

    pub(super) fn is(&self, names: &Names, category: &str, price: Money) -> bool {
        let same_price = self.prices.get(&price.currency()) == Some(&price);
        self.names == *names && self.category == category && same_price
    }

    pub(super) fn renamed(mut self, language: Language, name: &str) -> Self {
        self.names.insert(language, name.to_owned());
        self
    }

    pub(super) fn priced(mut self, price: Money) -> Self {
        self.prices.insert(price.currency(), price);
        self
    }
}
