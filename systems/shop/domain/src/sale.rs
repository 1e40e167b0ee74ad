//! A sale: what was sold with one order, once its money was taken. It is booked once.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, already_done, refuse};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::BuyerId;
use crate::order::{Line, Region};

/// What may be asked of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a bookkeeper would name them")]
pub enum Command {
    /// Write down what was sold.
    Book { buyer: BuyerId, region: Region, lines: Vec<Line>, total: Money },
}

/// What has happened to a sale. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a bookkeeper would name them")]
pub enum Event {
    /// This was sold.
    Booked { buyer: BuyerId, region: Region, lines: Vec<Line>, total: Money },
}

/// Why the answer is no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// One order, one sale.
    #[error("the sale has been booked otherwise")]
    BookedOtherwise,
}

/// A sale as it stands: what was booked, if it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sale(Option<Event>);

impl Facts for Event {
    const KIND: &'static str = Sale::KIND;
}

impl Aggregate for Sale {
    const KIND: &'static str = "sale";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        let Command::Book { buyer, region, lines, total } = command;
        let booked = Event::Booked { buyer, region, lines, total };
        match &self.0 {
            None => accept(booked),
            Some(known) if *known == booked => already_done(),
            Some(_other) => refuse(Refusal::BookedOtherwise),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match self.0 {
            None => Ok(Self(Some(event.clone()))),
            Some(_) => Err(Impossible::new(&self, event).because("a sale is booked once")),
        }
    }
}
