//! A charge: money that is taken from a buyer for one order.
//!
//! Money is first *authorized*, which promises it to the shop, and then *captured*, which moves
//! it, or *voided*, which ends the promise. What was captured can be *refunded*, up to all of it.
//! When the provider cannot be reached the charge is *put off*: the order is kept, and the money
//! is asked for again when the provider is back.

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::{Means, OrderId};

/// What may be asked of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a cashier would name them")]
pub enum Command {
    /// Ask the provider for the money of an order.
    Request { order: OrderId, amount: Money, means: Means },
    /// The provider has promised it.
    NoteAuthorized { reference: String },
    /// The provider has said no.
    NoteDeclined { because: String },
    /// The provider cannot be reached: ask again later.
    PutOff,
    /// Take what was promised.
    Capture,
    /// End the promise, or the asking for it.
    Void,
    /// Give back some of what was taken.
    Refund { amount: Money },
}

/// What has happened to a charge. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a cashier would name them")]
pub enum Event {
    /// The provider is to be asked for the money of an order.
    Requested {
        order: OrderId,
        amount: Money,
        /// What it is paid with, as the provider knows it: never the number of a card.
        #[serde(default, skip_serializing_if = "Means::is_unknown")]
        means: Means,
    },
    /// The provider has promised it.
    Authorized { reference: String },
    /// The provider has said no.
    Declined { because: String },
    /// The provider could not be reached.
    PutOff,
    /// What was promised was taken.
    Captured,
    /// There is no promise any more.
    Voided,
    /// Some of what was taken was given back.
    Refunded { amount: Money },
}

/// Why the answer is no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each refusal's own sentence says what its numbers are")]
pub enum Refusal {
    /// Nobody has asked for money.
    #[error("no money has been asked for")]
    NotRequested,
    /// One charge, one order, one amount.
    #[error("{amount} has been asked for already")]
    RequestedOtherwise { amount: Money },
    /// Only more than nothing can be moved.
    #[error("{amount} is not an amount that can be moved")]
    NothingToMove { amount: Money },
    /// The provider has not promised the money.
    #[error("the money has not been authorized")]
    NotAuthorized,
    /// The provider has said yes, and cannot take it back.
    #[error("the money has been authorized")]
    AuthorizedAlready,
    /// The provider has said no.
    #[error("the payment was declined: {because}")]
    Declined { because: String },
    /// What was taken can only be given back.
    #[error("the money has been taken")]
    CapturedAlready,
    /// The promise has ended.
    #[error("the charge has been voided")]
    Voided,
    /// Nothing was taken yet.
    #[error("no money has been taken")]
    NotCaptured,
    /// More than was taken cannot be given back.
    #[error("only {left} can be given back")]
    MoreThanWasTaken { left: Money },
}

/// A charge as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a cashier would name them")]
pub enum Charge {
    /// Nobody has asked for money.
    #[default]
    None,
    /// The provider is to be asked, or asked again.
    Requested { order: OrderId, amount: Money, is_put_off: bool },
    /// The provider has promised the money.
    Authorized { order: OrderId, amount: Money },
    /// The provider has said no.
    Declined { order: OrderId, amount: Money, because: String },
    /// The money is the shop's, but for what was given back.
    Captured { order: OrderId, amount: Money, left: Money },
    /// There is no promise any more.
    Voided { asked: Option<(OrderId, Money)> },
}

impl Facts for Event {
    const KIND: &'static str = Charge::KIND;
}

impl Aggregate for Charge {
    const KIND: &'static str = "charge";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Request { order, amount, means } => self.request(order, amount, means),
            Command::NoteAuthorized { reference } => self.authorize(reference),
            Command::NoteDeclined { because } => self.decline(because),
            Command::PutOff => self.put_off(),
            Command::Capture => self.capture(),
            Command::Void => self.void(),
            Command::Refund { amount } => self.refund(amount),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::None, &Event::Requested { order, amount, .. }) if amount.is_positive() => {
                Ok(Self::Requested { order, amount, is_put_off: false })
            }
            (Self::Requested { order, amount, .. }, Event::PutOff) => {
                Ok(Self::Requested { order, amount, is_put_off: true })
            }
            (Self::Requested { order, amount, .. }, Event::Authorized { .. }) => {
                Ok(Self::Authorized { order, amount })
            }
            (Self::Requested { order, amount, .. }, Event::Declined { because }) => {
                Ok(Self::Declined { order, amount, because: because.clone() })
            }
            (Self::Authorized { order, amount }, Event::Captured) => {
                Ok(Self::Captured { order, amount, left: amount })
            }
            (Self::None, Event::Voided) => Ok(Self::Voided { asked: None }),
            (
                Self::Requested { order, amount, .. } | Self::Authorized { order, amount },
                Event::Voided,
            ) => Ok(Self::Voided { asked: Some((order, amount)) }),
            (Self::Captured { order, amount, left }, Event::Refunded { amount: back })
                if back.is_positive() && *back <= left =>
            {
                let left = left.checked_sub(*back).expect("no more is given back than is left");
                Ok(Self::Captured { order, amount, left })
            }
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

impl Charge {
    fn request(&self, order: OrderId, amount: Money, means: Means) -> Decision<Self> {
        match self {
            Self::None if !amount.is_positive() => refuse(Refusal::NothingToMove { amount }),
            Self::None => accept(Event::Requested { order, amount, means }),
            Self::Requested { order: known, amount: asked, .. }
            | Self::Authorized { order: known, amount: asked }
            | Self::Captured { order: known, amount: asked, .. } => {
                if *known == order && *asked == amount {
                    return already_done();
                }
                refuse(Refusal::RequestedOtherwise { amount: *asked })
            }
            Self::Declined { because, .. } => {
                refuse(Refusal::Declined { because: because.clone() })
            }
            Self::Voided { .. } => refuse(Refusal::Voided),
        }
    }

    /// The provider's word counts once; what it says after a void is for nobody.
    fn authorize(&self, reference: String) -> Decision<Self> {
        match self {
            Self::Requested { .. } => accept(Event::Authorized { reference }),
            Self::Authorized { .. } | Self::Captured { .. } => already_done(),
            Self::None => refuse(Refusal::NotRequested),
            Self::Declined { because, .. } => {
                refuse(Refusal::Declined { because: because.clone() })
            }
            Self::Voided { .. } => refuse(Refusal::Voided),
        }
    }

    fn decline(&self, because: String) -> Decision<Self> {
        match self {
            Self::Requested { .. } => accept(Event::Declined { because }),
            Self::Declined { .. } | Self::Voided { .. } => already_done(),
            Self::None => refuse(Refusal::NotRequested),
            Self::Authorized { .. } => refuse(Refusal::AuthorizedAlready),
            Self::Captured { .. } => refuse(Refusal::CapturedAlready),
        }
    }

    fn put_off(&self) -> Decision<Self> {
        match self {
            Self::Requested { is_put_off: false, .. } => accept(Event::PutOff),
            Self::None => refuse(Refusal::NotRequested),
            Self::Requested { .. }
            | Self::Authorized { .. }
            | Self::Declined { .. }
            | Self::Captured { .. }
            | Self::Voided { .. } => already_done(),
        }
    }

    fn capture(&self) -> Decision<Self> {
        match self {
            Self::Authorized { .. } => accept(Event::Captured),
            Self::Captured { .. } => already_done(),
            Self::None | Self::Requested { .. } => refuse(Refusal::NotAuthorized),
            Self::Declined { because, .. } => {
                refuse(Refusal::Declined { because: because.clone() })
            }
            Self::Voided { .. } => refuse(Refusal::Voided),
        }
    }

    /// Ends the promise. One that was never asked for needs no end: whoever undoes need not know
    /// how far things came, and sees to it himself that what he asked takes no effect late.
    fn void(&self) -> Decision<Self> {
        match self {
            Self::Requested { .. } | Self::Authorized { .. } => accept(Event::Voided),
            Self::None | Self::Voided { .. } | Self::Declined { .. } => already_done(),
            Self::Captured { .. } => refuse(Refusal::CapturedAlready),
        }
    }

    fn refund(&self, amount: Money) -> Decision<Self> {
        match self {
            _ if !amount.is_positive() => refuse(Refusal::NothingToMove { amount }),
            Self::Captured { left, .. } if amount <= *left => accept(Event::Refunded { amount }),
            Self::Captured { left, .. } => refuse(Refusal::MoreThanWasTaken { left: *left }),
            Self::None
            | Self::Requested { .. }
            | Self::Authorized { .. }
            | Self::Declined { .. }
            | Self::Voided { .. } => refuse(Refusal::NotCaptured),
        }
    }
}
