//! A product: what it is called, what kind of thing it is, and what it costs.
//!
//! A product is listed once, under a name in the shop's first language at least and with its
//! price in the currency that it is kept in; prices elsewhere are worked out from that by a rate,
//! unless the shop has set one. One that is withdrawn is sold no more, but keeps its name: old
//! orders still speak of it.

mod listing;

use std::collections::BTreeMap;

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

pub use listing::{Language, Listing, NAME_CHARACTERS_MAX, Names, PRICES_MAX};

/// What may be asked of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Command {
    /// Offer it for sale.
    List { names: Names, category: String, price: Money },
    /// Call it something else in a language.
    Rename { language: Language, name: String },
    /// Set what it costs in the currency of the price.
    Price { price: Money },
    /// Sell it no more.
    Withdraw,
    /// Sell it again.
    BringBack,
}

/// What has happened to a product. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Event {
    /// It was offered for sale.
    Listed { names: Names, category: String, price: Money },
    /// It is called something else in a language.
    Renamed { language: Language, name: String },
    /// It costs this in the currency of the price.
    Priced { price: Money },
    /// It is sold no more.
    Withdrawn,
    /// It is sold again.
    BroughtBack,
}

/// Why the shop says no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each refusal's own sentence says what its numbers are")]
pub enum Refusal {
    /// Nobody has listed it.
    #[error("the product has not been listed")]
    NotListed,
    /// It is listed as something else.
    #[error("the product has been listed already")]
    ListedAlready,
    /// A name says something, in few words.
    #[error("a name has between 1 and {most} characters, found {found}")]
    NotAName { most: u32, found: u32 },
    /// There is no name in the shop's first language.
    #[error("a product is named in {language} at least")]
    NoFirstName { language: Language },
    /// Nothing is given away.
    #[error("{price} is not a price")]
    NotAPrice { price: Money },
    /// Only so many prices.
    #[error("a product has prices in at most {most} currencies")]
    TooManyPrices { most: u32 },
}

/// A product as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Product {
    /// Nobody has listed it yet.
    #[default]
    Unlisted,
    /// It is sold.
    OnSale(Listing),
    /// It is sold no more.
    Withdrawn(Listing),
}

impl Facts for Event {
    const KIND: &'static str = Product::KIND;
}

impl Aggregate for Product {
    const KIND: &'static str = "product";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        use Command::{BringBack, List, Price, Rename, Withdraw};

        match (self, command) {
            (Self::Unlisted, List { names, category, price }) => list(names, category, price),
            (Self::Unlisted, _) => refuse(Refusal::NotListed),

            (Self::OnSale(listing) | Self::Withdrawn(listing), List { names, category, price })
                if listing.is(&names, &category, price) =>
            {
                already_done()
            }
            (Self::OnSale(_) | Self::Withdrawn(_), List { .. }) => refuse(Refusal::ListedAlready),

            (Self::OnSale(listing) | Self::Withdrawn(listing), Rename { language, name }) => {
                rename(listing, language, name)
            }
            (Self::OnSale(listing) | Self::Withdrawn(listing), Price { price }) => {
                reprice(listing, price)
            }

            (Self::OnSale(_), Withdraw) => accept(Event::Withdrawn),
            (Self::Withdrawn(_), Withdraw) | (Self::OnSale(_), BringBack) => already_done(),
            (Self::Withdrawn(_), BringBack) => accept(Event::BroughtBack),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Unlisted, Event::Listed { names, category, price }) => {
                Ok(Self::OnSale(Listing::new(names.clone(), category.clone(), *price)))
            }
            (Self::OnSale(listing), Event::Withdrawn) => Ok(Self::Withdrawn(listing)),
            (Self::Withdrawn(listing), Event::BroughtBack) => Ok(Self::OnSale(listing)),
            (Self::OnSale(listing), Event::Renamed { language, name }) => {
                Ok(Self::OnSale(listing.renamed(*language, name)))
            }
            (Self::Withdrawn(listing), Event::Renamed { language, name }) => {
                Ok(Self::Withdrawn(listing.renamed(*language, name)))
            }
            (Self::OnSale(listing), Event::Priced { price }) => {
                Ok(Self::OnSale(listing.priced(*price)))
            }
            (Self::Withdrawn(listing), Event::Priced { price }) => {
                Ok(Self::Withdrawn(listing.priced(*price)))
            }
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

impl Product {
    /// What it costs in a currency: the price that was set, if one was.
    pub fn price_in(&self, currency: Currency) -> Option<Money> {
        match self {
            Self::OnSale(listing) => listing.prices().get(&currency).copied(),
            Self::Unlisted | Self::Withdrawn(_) => None,
        }
    }
}

fn list(names: Names, category: String, price: Money) -> Decision<Product> {
    if !names.contains_key(&Language::FIRST) {
        return refuse(Refusal::NoFirstName { language: Language::FIRST });
    }
    names.values().chain([&category]).try_for_each(|name| is_name(name))?;
    is_price(price)?;
    accept(Event::Listed { names, category, price })
}

fn rename(listing: &Listing, language: Language, name: String) -> Decision<Product> {
    is_name(&name)?;
    if listing.names().get(&language) == Some(&name) {
        return already_done();
    }
    accept(Event::Renamed { language, name })
}

fn reprice(listing: &Listing, price: Money) -> Decision<Product> {
    is_price(price)?;
    let prices: &BTreeMap<Currency, Money> = listing.prices();
    match prices.get(&price.currency()) {
        Some(found) if *found == price => already_done(),
        None if prices.len() >= PRICES_MAX as usize => {
            refuse(Refusal::TooManyPrices { most: PRICES_MAX })
        }
        Some(_) | None => accept(Event::Priced { price }),
    }
}

fn is_name(name: &str) -> Result<(), Refusal> {
    let characters = name.trim().chars().count();
    let found = u32::try_from(characters).unwrap_or(u32::MAX);
    if (1..=NAME_CHARACTERS_MAX).contains(&found) {
        return Ok(());
    }
    Err(Refusal::NotAName { most: NAME_CHARACTERS_MAX, found })
}

fn is_price(price: Money) -> Result<(), Refusal> {
    if price.is_positive() { Ok(()) } else { Err(Refusal::NotAPrice { price }) }
}
