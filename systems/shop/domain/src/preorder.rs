//! A pre-order: something is bought before it can be shipped, by nobody conducting.
//!
//! The warehouse hears of it and claims the pieces; the pre-order hears of that and says what is to
//! be paid; the cashier hears of that and asks for the money; the pre-order hears that it is promised
//! and is *confirmed*; the cashier hears of that and takes the money. Whoever cannot do his part says
//! so, the pre-order *fails*, and each who has done something undoes it. What it hears may be about an
//! order that is no pre-order: then it has nothing to say.

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::order::CancelReason;
use crate::{BuyerId, Means, OrderId, ProductId, Quantity};

/// What may be asked of a pre-order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Command {
    /// Buy this, at this price in all.
    Place { terms: Terms },
    /// The warehouse keeps the pieces for it.
    NoteReserved,
    /// The money is promised.
    NoteAuthorized,
    /// It comes to nothing.
    Fail { because: CancelReason },
    /// The buyer does not want it any more.
    CallOff,
}

/// What was pre-ordered, by whom, and for how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Which pre-order: it goes by an order's id.
    pub order: OrderId,
    /// Who buys.
    pub buyer: BuyerId,
    /// What.
    pub product: ProductId,
    /// How many.
    pub pieces: Quantity,
    /// What it costs in all: the shop's own price.
    pub total: Money,
    /// What it is paid with.
    pub pay_with: Means,
}

/// What has happened to a pre-order. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Event {
    /// It was placed.
    Placed { terms: Terms },
    /// The pieces are kept for it; this is to be paid.
    Reserved { order: OrderId, total: Money, pay_with: Means },
    /// The money is promised: it stands.
    Confirmed { order: OrderId },
    /// It came to nothing.
    Failed { order: OrderId, product: ProductId, because: CancelReason },
}

/// Why the answer is no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// Nobody has placed it.
    #[error("the pre-order has not been placed")]
    NotPlaced,
    /// It is for something else.
    #[error("the pre-order has been placed otherwise")]
    PlacedOtherwise,
    /// Nothing is given away.
    #[error("a pre-order costs something")]
    NotAPrice,
    /// It stands.
    #[error("it is too late to call the pre-order off")]
    TooLate,
}

/// A pre-order as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Preorder {
    /// Nobody has placed it.
    #[default]
    None,
    /// It waits for the warehouse.
    Placed { terms: Terms },
    /// It waits for the money.
    Reserved { terms: Terms },
    /// It stands.
    Confirmed { terms: Terms },
    /// It came to nothing.
    Failed { terms: Terms, because: CancelReason },
}

impl Facts for Event {
    const KIND: &'static str = Preorder::KIND;
}

impl Aggregate for Preorder {
    const KIND: &'static str = "preorder";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        use Command::{CallOff, Fail, NoteAuthorized, NoteReserved, Place};

        match (self, command) {
            (Self::None, Place { terms }) if !terms.total.is_positive() => {
                refuse(Refusal::NotAPrice)
            }
            (Self::None, Place { terms }) => accept(Event::Placed { terms }),
            (Self::None, CallOff) => refuse(Refusal::NotPlaced),

            (Self::Placed { terms }, NoteReserved) => {
                let Terms { order, total, pay_with, .. } = terms.clone();
                accept(Event::Reserved { order, total, pay_with })
            }
            (Self::Reserved { terms }, NoteAuthorized) => {
                accept(Event::Confirmed { order: terms.order })
            }
            (Self::Placed { terms } | Self::Reserved { terms }, Fail { because }) => {
                fail(terms, because)
            }
            (Self::Placed { terms } | Self::Reserved { terms }, CallOff) => {
                fail(terms, CancelReason::BuyerAsked)
            }
            (Self::Confirmed { .. }, CallOff) => refuse(Refusal::TooLate),

            (_, Place { terms }) if self.terms() == Some(&terms) => already_done(),
            (_, Place { .. }) => refuse(Refusal::PlacedOtherwise),
            // What comes late, or twice, is about something that is past; what comes of nothing
            // that was placed is about nothing.
            (_, NoteReserved | NoteAuthorized | Fail { .. } | CallOff) => already_done(),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::None, Event::Placed { terms }) => Ok(Self::Placed { terms: terms.clone() }),
            (Self::Placed { terms }, Event::Reserved { .. }) => Ok(Self::Reserved { terms }),
            (Self::Reserved { terms }, Event::Confirmed { .. }) => Ok(Self::Confirmed { terms }),
            (Self::Placed { terms } | Self::Reserved { terms }, &Event::Failed { because, .. }) => {
                Ok(Self::Failed { terms, because })
            }
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

impl Preorder {
    /// What was pre-ordered, if anything was.
    pub const fn terms(&self) -> Option<&Terms> {
        match self {
            Self::None => None,
            Self::Placed { terms }
            | Self::Reserved { terms }
            | Self::Confirmed { terms }
            | Self::Failed { terms, .. } => Some(terms),
        }
    }
}

fn fail(terms: &Terms, because: CancelReason) -> Decision<Preorder> {
    accept(Event::Failed { order: terms.order, product: terms.product, because })
}
