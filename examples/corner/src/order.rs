//! An order: what a customer wants, and whether it was confirmed.

use std::time::Duration;

use ondol_domain::{
    Aggregate, Contract, Decision, Due, Facts, Impossible, TimerOrder, accept, already_done, refuse,
};
use serde::{Deserialize, Serialize};

/// The service.
pub(crate) const SERVICE: &str = "shop.order";

/// How long an order waits to be confirmed.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The timer that ends this wait.
const LAPSE: &str = "lapse";

/// What may be asked of an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    Place {
        item: String,
        pieces: u32,
    },
    Confirm,
    Cancel,
    /// Nobody has confirmed it in time.
    Lapse,
}

/// What has happened to an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    Placed { item: String, pieces: u32 },
    Confirmed,
    Cancelled,
    Lapsed,
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("nothing was ordered")]
    NotPlaced,
}

/// An order as it stands: how many pieces, and how often it was confirmed and cancelled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) pieces: u32,
    pub(crate) confirmed: u32,
    pub(crate) cancelled: u32,
}

/// What others hear of orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Told {
    Placed { order: String, item: String, pieces: u32 },
}

/// What others may ask: that an order is confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Confirm {
    pub(crate) order: String,
}

impl Facts for Event {
    const KIND: &'static str = Order::KIND;
}

impl Facts for Told {
    const KIND: &'static str = "shop.order";
    const SERVICE: Option<&'static str> = Some(SERVICE);
}

impl Contract for Confirm {
    const SERVICE: &'static str = SERVICE;
    type Reply = ();
    type Refusal = Refusal;

    fn key(&self) -> String {
        self.order.clone()
    }
}

impl Aggregate for Order {
    const KIND: &'static str = "order";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Place { item, pieces } => accept(Event::Placed { item, pieces }),
            Command::Confirm | Command::Cancel if self.pieces == 0 => refuse(Refusal::NotPlaced),
            Command::Confirm => accept(Event::Confirmed),
            Command::Cancel => accept(Event::Cancelled),
            Command::Lapse if self.confirmed + self.cancelled > 0 => already_done(),
            Command::Lapse => accept(Event::Lapsed),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Placed { pieces, .. } => self.pieces += pieces,
            Event::Confirmed => self.confirmed += 1,
            Event::Cancelled => self.cancelled += 1,
            Event::Lapsed => {}
        }
        Ok(self)
    }

    fn timers(event: &Event) -> Vec<TimerOrder<Command>> {
        match event {
            Event::Placed { .. } => {
                let (name, due) = (LAPSE.into(), Due::After(CONFIRMED_WITHIN));
                vec![TimerOrder::Set { name, due, then: Command::Lapse }]
            }
            Event::Confirmed | Event::Cancelled => {
                vec![TimerOrder::Cancel { name: LAPSE.into() }]
            }
            Event::Lapsed => Vec::new(),
        }
    }
}
