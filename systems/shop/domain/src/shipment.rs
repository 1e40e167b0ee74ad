//! A shipment: the goods of one order, on their way to where the buyer picks them up.
//!
//! The carrier is asked to take it, and has *taken* it or *refused* it. Until it has arrived it can be
//! *called off*, and then never leaves.

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use serde::{Deserialize, Serialize};

use crate::{OrderId, Point, Quantity};

/// What may be asked of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a clerk would name them")]
pub enum Command {
    /// Ask the carrier to take the goods of an order.
    Request { order: OrderId, to: Point, pieces: Quantity },
    /// The carrier has taken it.
    NoteTaken { reference: String },
    /// The carrier has said no.
    NoteRefused { because: String },
    /// It has arrived.
    NoteArrived,
    /// It is not needed.
    CallOff,
}

/// What has happened to a shipment. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a clerk would name them")]
pub enum Event {
    /// The carrier is to be asked to take the goods of an order.
    Requested { order: OrderId, to: Point, pieces: Quantity },
    /// The carrier has taken it.
    Taken { reference: String },
    /// The carrier has said no.
    Refused { because: String },
    /// It has arrived.
    Arrived,
    /// It is not needed.
    CalledOff,
}

/// Why the answer is no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each refusal's own sentence says what its numbers are")]
pub enum Refusal {
    /// Nobody has asked for it.
    #[error("nothing was to be shipped")]
    NotRequested,
    /// One shipment, one order.
    #[error("the shipment has been asked for otherwise")]
    RequestedOtherwise,
    /// The carrier has said no.
    #[error("the carrier does not take it: {because}")]
    Refused { because: String },
    /// It is not needed.
    #[error("the shipment has been called off")]
    CalledOff,
    /// It is with the carrier.
    #[error("the carrier has taken it")]
    TakenAlready,
    /// It is not with the carrier.
    #[error("the carrier has not taken it")]
    NotTaken,
    /// It is there.
    #[error("the shipment has arrived")]
    Arrived,
}

/// A shipment as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a clerk would name them")]
pub enum Shipment {
    /// Nobody has asked for it.
    #[default]
    None,
    /// The carrier is to be asked.
    Requested { order: OrderId, to: Point, pieces: Quantity },
    /// It is on its way.
    Taken { order: OrderId, reference: String },
    /// The carrier has said no.
    Refused { because: String },
    /// It has arrived.
    Arrived { order: OrderId },
    /// It is not needed; what the carrier calls it, if it was on its way.
    CalledOff { reference: Option<String> },
}

impl Facts for Event {
    const KIND: &'static str = Shipment::KIND;
}

impl Aggregate for Shipment {
    const KIND: &'static str = "shipment";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Request { order, to, pieces } => self.request(order, to, pieces),
            Command::NoteTaken { reference } => self.take(reference),
            Command::NoteRefused { because } => self.turn_away(because),
            Command::NoteArrived => self.arrive(),
            Command::CallOff => self.call_off(),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::None, Event::Requested { order, to, pieces }) => {
                Ok(Self::Requested { order: *order, to: to.clone(), pieces: *pieces })
            }
            (Self::Requested { order, .. }, Event::Taken { reference }) => {
                Ok(Self::Taken { order, reference: reference.clone() })
            }
            (Self::Requested { .. }, Event::Refused { because }) => {
                Ok(Self::Refused { because: because.clone() })
            }
            (Self::Taken { order, .. }, Event::Arrived) => Ok(Self::Arrived { order }),
            (Self::Requested { .. }, Event::CalledOff) => Ok(Self::CalledOff { reference: None }),
            (Self::Taken { reference, .. }, Event::CalledOff) => {
                Ok(Self::CalledOff { reference: Some(reference) })
            }
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

impl Shipment {
    fn request(&self, order: OrderId, to: Point, pieces: Quantity) -> Decision<Self> {
        match self {
            Self::None => accept(Event::Requested { order, to, pieces }),
            Self::Requested { order: known, .. }
            | Self::Taken { order: known, .. }
            | Self::Arrived { order: known } => {
                if *known == order {
                    already_done()
                } else {
                    refuse(Refusal::RequestedOtherwise)
                }
            }
            Self::Refused { because } => refuse(Refusal::Refused { because: because.clone() }),
            Self::CalledOff { .. } => refuse(Refusal::CalledOff),
        }
    }

    fn take(&self, reference: String) -> Decision<Self> {
        match self {
            Self::Requested { .. } => accept(Event::Taken { reference }),
            Self::Taken { .. } | Self::Arrived { .. } => already_done(),
            Self::None => refuse(Refusal::NotRequested),
            Self::Refused { because } => refuse(Refusal::Refused { because: because.clone() }),
            Self::CalledOff { .. } => refuse(Refusal::CalledOff),
        }
    }

    fn turn_away(&self, because: String) -> Decision<Self> {
        match self {
            Self::Requested { .. } => accept(Event::Refused { because }),
            Self::Refused { .. } | Self::CalledOff { .. } => already_done(),
            Self::None => refuse(Refusal::NotRequested),
            Self::Taken { .. } | Self::Arrived { .. } => refuse(Refusal::TakenAlready),
        }
    }

    fn arrive(&self) -> Decision<Self> {
        match self {
            Self::Taken { .. } => accept(Event::Arrived),
            Self::Arrived { .. } => already_done(),
            Self::None | Self::Requested { .. } | Self::Refused { .. } => refuse(Refusal::NotTaken),
            Self::CalledOff { .. } => refuse(Refusal::CalledOff),
        }
    }

    /// One that was never asked for needs no calling off.
    fn call_off(&self) -> Decision<Self> {
        match self {
            Self::Requested { .. } | Self::Taken { .. } => accept(Event::CalledOff),
            Self::None | Self::CalledOff { .. } | Self::Refused { .. } => already_done(),
            Self::Arrived { .. } => refuse(Refusal::Arrived),
        }
    }
}
