//! What can be asked about products without asking each of them.

use std::collections::BTreeMap;

use ondol_domain::{Index, Keys, View};
use ondol_kernel::{Currency, Money, Recorded};
use serde::{Deserialize, Serialize};
use shop_domain::contract::OfSale;
use shop_domain::product::{Event, Language, Names};

/// A product as the shop shows it; its key is the product's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What it is called.
    pub names: Names,
    /// What kind of thing it is.
    pub category: String,
    /// The currency that its price is kept in.
    pub kept_in: Option<Currency>,
    /// What it costs where the shop has set a price.
    pub prices: BTreeMap<Currency, Money>,
    /// Whether it is sold.
    pub is_on_sale: bool,
    /// Where in the log it was listed: products are shown in that order.
    pub listed: u64,
}

impl View for Card {
    const NAME: &'static str = "cards";
    const VERSION: u32 = 1;

    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        match &event.data {
            Event::Listed { names, category, price } => {
                self.names.clone_from(names);
                self.category.clone_from(category);
                self.kept_in = Some(price.currency());
                self.prices = BTreeMap::from([(price.currency(), *price)]);
                self.is_on_sale = true;
                self.listed = event.position.get();
            }
            Event::Renamed { language, name } => drop(self.names.insert(*language, name.clone())),
            Event::Priced { price } => drop(self.prices.insert(price.currency(), *price)),
            Event::Withdrawn => self.is_on_sale = false,
            Event::BroughtBack => self.is_on_sale = true,
        }
    }
}

impl Card {
    /// What it is called in a language, or else in the first one.
    pub fn name(&self, language: Language) -> &str {
        let name = self.names.get(&language).or_else(|| self.names.get(&Language::FIRST));
        name.map(String::as_str).unwrap_or_default()
    }
}

/// How many of a product were sold; its key is the product's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Popular {
    /// How many.
    pub sold: u32,
}

impl View for Popular {
    const NAME: &'static str = "popular";
    const VERSION: u32 = 1;

    type Event = OfSale;

    fn key(event: &Recorded<OfSale>) -> Keys {
        let OfSale::Sold { product, .. } = &event.data;
        Keys::one(product)
    }

    fn apply(&mut self, event: &Recorded<OfSale>) {
        let OfSale::Sold { pieces, .. } = &event.data;
        self.sold = self.sold.saturating_add(pieces.pieces());
    }

    fn indexes() -> &'static [Index<Self>] {
        const { &[Index::ordered("sold", |popular: &Self| popular.sold.into())] }
    }
}
