//! Notices: a letter to the customer, and how often it was written; or that there is no parcel with
//! room for what was ordered.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, Keys, View, accept, event_set};
use ondol_kernel::Recorded;
use serde::{Deserialize, Serialize};

use crate::{order, stock};

/// The service.
pub(crate) const SERVICE: &str = "shop.notice";

/// How many pieces a parcel has room for.
pub(crate) const PARCEL_PIECES_MAX: u32 = 50;

/// What may be asked of a letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    Write { item: String, pieces: u32 },
}

/// What has happened to a letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    Written,
    FoundTooLarge { item: String, pieces: u32 },
}

/// What others hear of letters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Told {
    TooLarge { order: String, item: String, pieces: u32 },
}

/// A letter is never refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {}

/// A letter as it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) copies: u32,
    pub(crate) too_large: u32,
}

impl Facts for Event {
    const KIND: &'static str = Letter::KIND;
}

impl Facts for Told {
    const KIND: &'static str = "shop.notice";
    const SERVICE: Option<&'static str> = Some(SERVICE);
}

impl Aggregate for Letter {
    const KIND: &'static str = "letter";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Write { item, pieces } if pieces > PARCEL_PIECES_MAX => {
                accept(Event::FoundTooLarge { item, pieces })
            }
            Command::Write { .. } => accept(Event::Written),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Written => self.copies += 1,
            Event::FoundTooLarge { .. } => self.too_large += 1,
        }
        Ok(self)
    }
}

event_set! {
    /// What the other services tell.
    pub(crate) enum News {
        /// An order was placed.
        Order(order::Told),
        /// Pieces were reserved.
        Stock(stock::Told),
    }
}

/// How far an order has come, folded from what two other services tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Way {
    pub(crate) ordered: u32,
    pub(crate) reserved: u32,
}

impl View for Way {
    const NAME: &'static str = "way";
    const VERSION: u32 = 1;

    type Event = News;

    fn key(event: &Recorded<News>) -> Keys {
        match &event.data {
            News::Order(order::Told::Placed { order, .. })
            | News::Stock(stock::Told::Reserved { order, .. } | stock::Told::GivenBack { order }) => {
                Keys::one(order)
            }
        }
    }

    fn apply(&mut self, event: &Recorded<News>) {
        match event.data {
            News::Order(order::Told::Placed { pieces, .. }) => self.ordered += pieces,
            News::Stock(stock::Told::Reserved { pieces, .. }) => self.reserved += pieces,
            News::Stock(stock::Told::GivenBack { .. }) => self.reserved = 0,
        }
    }
}
