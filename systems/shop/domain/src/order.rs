//! An order: what a buyer bought, at the prices of that moment, and how far it has come.
//!
//! placed → stock reserved → paid → shipped → delivered. Until it is shipped it can be cancelled,
//! for a reason that stays on record; afterwards it can only be sent back. The prices are the
//! shop's own, looked up when the order was placed, and never change for it.

mod line;
mod progress;
mod refusal;

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::{BuyerId, ChargeId, ShipmentId};

pub use line::{LINES_MAX, Line, TotalError, total};
pub use progress::{CancelReason, Placed, Region, Stage};
pub use refusal::Refusal;

/// What may be asked of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Command {
    /// Buy these, at these prices.
    Place { buyer: BuyerId, region: Region, lines: Vec<Line> },
    /// The warehouse keeps the goods for it.
    NoteStockReserved,
    /// The money is there.
    NotePaid { charge: ChargeId },
    /// The goods are on their way.
    NoteShipped { shipment: ShipmentId },
    /// The goods have arrived.
    NoteDelivered,
    /// It comes to nothing.
    Cancel { because: CancelReason },
}

/// What has happened to an order. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Event {
    /// These were bought, at these prices.
    Placed { buyer: BuyerId, region: Region, lines: Vec<Line>, total: Money },
    /// The warehouse keeps the goods for it.
    StockReserved,
    /// The money is there.
    Paid { charge: ChargeId },
    /// The goods are on their way.
    Shipped { shipment: ShipmentId },
    /// The goods have arrived.
    Delivered,
    /// It came to nothing.
    Cancelled { because: CancelReason },
}

/// An order as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Order {
    /// Nobody has placed it.
    #[default]
    Unplaced,
    /// It is under way, or has arrived.
    Alive { placed: Placed, stage: Stage },
    /// It came to nothing.
    Cancelled { placed: Placed, because: CancelReason },
}

impl Facts for Event {
    const KIND: &'static str = Order::KIND;
}

impl Aggregate for Order {
    const KIND: &'static str = "order";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        use Command::{Cancel, NoteDelivered, NotePaid, NoteShipped, NoteStockReserved, Place};

        match (self, command) {
            (Self::Unplaced, Place { buyer, region, lines }) => place(buyer, region, lines),
            (Self::Unplaced, _) => refuse(Refusal::NotPlaced),

            (
                Self::Alive { placed, .. } | Self::Cancelled { placed, .. },
                Place { buyer, region, lines },
            ) => {
                if placed.is(buyer, region, &lines) {
                    return already_done();
                }
                refuse(Refusal::PlacedOtherwise)
            }

            (Self::Cancelled { .. }, Cancel { .. }) => already_done(),
            (Self::Cancelled { because, .. }, _) => {
                refuse(Refusal::Cancelled { because: *because })
            }

            (Self::Alive { stage, .. }, NoteStockReserved) => {
                stage.reach(&Stage::Reserved, Event::StockReserved)
            }
            (Self::Alive { stage, .. }, NotePaid { charge }) => {
                stage.reach(&Stage::Paid { charge }, Event::Paid { charge })
            }
            (Self::Alive { stage, .. }, NoteShipped { shipment }) => {
                stage.reach(&Stage::Shipped { shipment }, Event::Shipped { shipment })
            }
            (Self::Alive { stage, .. }, NoteDelivered) => {
                stage.reach(&Stage::Delivered, Event::Delivered)
            }
            (Self::Alive { stage, .. }, Cancel { because }) if stage.can_be_cancelled() => {
                accept(Event::Cancelled { because })
            }
            (Self::Alive { stage, .. }, Cancel { .. }) => {
                refuse(Refusal::TooLateToCancel { stage: stage.clone() })
            }
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Unplaced, Event::Placed { buyer, region, lines, total: sum })
                if total(lines) == Ok(*sum) =>
            {
                let (buyer, region, lines) = (*buyer, *region, lines.clone());
                let placed = Placed { buyer, region, lines, total: *sum };
                Ok(Self::Alive { placed, stage: Stage::Placed })
            }
            (Self::Alive { placed, stage }, &Event::Cancelled { because })
                if stage.can_be_cancelled() =>
            {
                Ok(Self::Cancelled { placed, because })
            }
            (Self::Alive { placed, stage }, event) => match stage.after(event) {
                Some(stage) => Ok(Self::Alive { placed, stage }),
                None => Err(Impossible::new(&stage, event).because("an order comes on by steps")),
            },
            (state @ (Self::Unplaced | Self::Cancelled { .. }), event) => {
                Err(Impossible::new(&state, event))
            }
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

fn place(buyer: BuyerId, region: Region, lines: Vec<Line>) -> Decision<Order> {
    if lines.len() > LINES_MAX as usize {
        return refuse(Refusal::TooManyLines { most: LINES_MAX });
    }
    match total(&lines) {
        Ok(total) => accept(Event::Placed { buyer, region, lines, total }),
        Err(because) => refuse(Refusal::NoTotal { because }),
    }
}
