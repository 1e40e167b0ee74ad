//! A cart: what a buyer has picked and not bought yet.
//!
//! A cart holds no prices. What a thing costs is looked up when it is bought, so nobody buys at
//! the price of last week, and nobody names a price of their own. What is bought in one moment, on
//! which [`Terms`], is one fact: the order follows from it, whatever happens in between.

use std::collections::BTreeMap;

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use serde::{Deserialize, Serialize};

use crate::order::{Line, Region, TotalError, total};
use crate::{Means, OrderId, Point, ProductId, Quantity};

/// How many products a cart holds.
pub const PRODUCTS_MAX: u32 = 100;

/// What may be asked of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a buyer would name them")]
pub enum Command {
    /// Have so many of a product in it, whatever there were before.
    Put { product: ProductId, pieces: Quantity },
    /// Have none of a product in it.
    TakeOut { product: ProductId },
    /// Buy all that is in it, on these terms.
    CheckOut { order: OrderId, terms: Terms },
}

/// What has happened to a cart. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a buyer would name them")]
pub enum Event {
    /// So many of a product are in it.
    Put { product: ProductId, pieces: Quantity },
    /// None of a product is in it.
    TakenOut { product: ProductId },
    /// All that was in it is being bought; it is empty.
    CheckedOut {
        order: OrderId,
        lines: BTreeMap<ProductId, Quantity>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    },
}

/// On which terms something is bought. The prices are the shop's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Where in the world it is dealt with.
    pub region: Region,
    /// What is bought, and what each costs.
    pub lines: Vec<Line>,
    /// What it is paid with.
    pub pay_with: Means,
    /// Where it is picked up.
    pub send_to: Point,
}

/// Why the answer is no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each refusal's own sentence says what its numbers are")]
pub enum Refusal {
    /// There is nothing to buy.
    #[error("the cart is empty")]
    Empty,
    /// The terms are for something else.
    #[error("the cart has changed meanwhile")]
    Changed,
    /// The terms cannot be an order's.
    #[error("{because}")]
    NoTotal { because: TotalError },
    /// A cart has an end.
    #[error("a cart holds at most {most} products")]
    Full { most: u32 },
}

/// A cart as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    lines: BTreeMap<ProductId, Quantity>,
    bought: Option<OrderId>,
}

impl Cart {
    /// What is in it.
    pub const fn lines(&self) -> &BTreeMap<ProductId, Quantity> {
        &self.lines
    }

    fn check_out(&self, order: OrderId, terms: Terms) -> Decision<Self> {
        if let Err(because) = total(&terms.lines) {
            return refuse(Refusal::NoTotal { because });
        }
        let lines = terms.lines.iter().map(|line| (line.product, line.pieces)).collect();
        if self.lines != lines {
            return refuse(Refusal::Changed);
        }
        accept(Event::CheckedOut { order, lines, terms: Some(terms) })
    }
}

impl Facts for Event {
    const KIND: &'static str = Cart::KIND;
}

impl Aggregate for Cart {
    const KIND: &'static str = "cart";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Put { product, pieces } if self.lines.get(&product) == Some(&pieces) => {
                already_done()
            }
            Command::Put { product, .. }
                if !self.lines.contains_key(&product)
                    && self.lines.len() >= PRODUCTS_MAX as usize =>
            {
                refuse(Refusal::Full { most: PRODUCTS_MAX })
            }
            Command::Put { product, pieces } => accept(Event::Put { product, pieces }),
            Command::TakeOut { product } if self.lines.contains_key(&product) => {
                accept(Event::TakenOut { product })
            }
            Command::TakeOut { .. } => already_done(),
            Command::CheckOut { order, .. } if self.bought == Some(order) => already_done(),
            Command::CheckOut { .. } if self.lines.is_empty() => refuse(Refusal::Empty),
            Command::CheckOut { order, terms } => self.check_out(order, terms),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Put { product, pieces } => {
                self.lines.insert(*product, *pieces);
            }
            Event::TakenOut { product } => {
                if self.lines.remove(product).is_none() {
                    let rule = "what is taken out was in it";
                    return Err(Impossible::new(&self, event).because(rule));
                }
            }
            Event::CheckedOut { order, lines, .. } => {
                if lines.is_empty() || self.lines != *lines {
                    let rule = "what is bought is what was in it";
                    return Err(Impossible::new(&self, event).because(rule));
                }
                self = Self { lines: BTreeMap::new(), bought: Some(*order) };
            }
        }
        Ok(self)
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}
