//! The stock: how many pieces of an item are left, and how many are reserved.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, refuse};
use serde::{Deserialize, Serialize};

/// The service.
pub(crate) const SERVICE: &str = "shop.stock";

/// What may be asked of a shelf.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    Fill { pieces: u32 },
    Reserve { order: String, pieces: u32 },
    GiveBack { order: String, pieces: u32 },
}

/// What has happened to a shelf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    Filled { pieces: u32 },
    Reserved { order: String, pieces: u32 },
    GivenBack { order: String, pieces: u32 },
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("only {left} are left")]
    TooFew { left: u32 },
    #[error("only {reserved} are reserved")]
    NotReserved { reserved: u32 },
}

/// A shelf as it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shelf {
    pub(crate) left: u32,
    pub(crate) reserved: u32,
}

/// What others hear of the stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Told {
    Reserved { order: String, item: String, pieces: u32 },
    GivenBack { order: String },
}

impl Facts for Event {
    const KIND: &'static str = Shelf::KIND;
}

impl Facts for Told {
    const KIND: &'static str = "shop.stock";
    const SERVICE: Option<&'static str> = Some(SERVICE);
}

impl Aggregate for Shelf {
    const KIND: &'static str = "shelf";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Fill { pieces } => accept(Event::Filled { pieces }),
            Command::Reserve { pieces, .. } if pieces > self.left => {
                refuse(Refusal::TooFew { left: self.left })
            }
            Command::Reserve { order, pieces } => accept(Event::Reserved { order, pieces }),
            Command::GiveBack { pieces, .. } if pieces > self.reserved => {
                refuse(Refusal::NotReserved { reserved: self.reserved })
            }
            Command::GiveBack { order, pieces } => accept(Event::GivenBack { order, pieces }),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Filled { pieces } => self.left += pieces,
            Event::Reserved { pieces, .. } => {
                let left = self.left.checked_sub(*pieces);
                self.left = left.ok_or_else(|| Impossible::new(&self, event))?;
                self.reserved += pieces;
            }
            Event::GivenBack { pieces, .. } => {
                let reserved = self.reserved.checked_sub(*pieces);
                self.reserved = reserved.ok_or_else(|| Impossible::new(&self, event))?;
                self.left += pieces;
            }
        }
        Ok(self)
    }
}
