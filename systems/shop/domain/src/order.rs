//! An order: what a buyer bought, at the prices of that moment, and how far it has come.
//!
//! placed → stock reserved → paid → shipped → delivered. Until it is shipped it can be cancelled,
//! for a reason that stays on record; afterwards it can only be sent back. The buyer can *call it
//! off* until it is paid: what was done for it is then undone, and it is cancelled at the end. The prices are the
//! shop's own, looked up when the order was placed, and never change for it.

mod line;
mod progress;
mod refusal;

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::{BuyerId, ChargeId, Means, OrderId, Point, ShipmentId};

pub use line::{LINES_MAX, Line, TotalError, total};
pub use progress::{CancelReason, Placed, Region, Stage};
pub use refusal::Refusal;

/// What may be asked of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Command {
    /// Buy these, at these prices.
    Place { buyer: BuyerId, region: Region, lines: Vec<Line>, pay_with: Means, send_to: Point },
    /// It is being dealt with, if it has not come to nothing.
    Begin,
    /// The buyer does not want it any more.
    CallOff { order: OrderId },
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
    /// The same, for whoever has begun to deal with it: what he never began is not his to end.
    GiveUp { because: CancelReason },
}

/// What has happened to an order. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Event {
    /// These were bought, at these prices.
    Placed {
        buyer: BuyerId,
        region: Region,
        lines: Vec<Line>,
        total: Money,
        #[serde(default, skip_serializing_if = "Means::is_unknown")]
        pay_with: Means,
        #[serde(default, skip_serializing_if = "Point::is_unknown")]
        send_to: Point,
    },
    /// It is being dealt with.
    Begun,
    /// The buyer does not want it any more; what was done for it is being undone.
    CalledOff { order: OrderId },
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
        use Command::{
            Begin, CallOff, Cancel, GiveUp, NoteDelivered, NotePaid, NoteShipped,
            NoteStockReserved, Place,
        };

        match (self, command) {
            (Self::Unplaced, Place { buyer, region, lines, pay_with, send_to }) => {
                place(buyer, region, lines, pay_with, send_to)
            }
            (Self::Unplaced, _) => refuse(Refusal::NotPlaced),

            (
                Self::Alive { placed, .. } | Self::Cancelled { placed, .. },
                Place { buyer, region, lines, pay_with, send_to },
            ) => {
                let Placed { called_off, begun, total, .. } = *placed;
                let asked =
                    Placed { buyer, region, lines, total, pay_with, send_to, called_off, begun };
                if *placed == asked {
                    return already_done();
                }
                refuse(Refusal::PlacedOtherwise)
            }

            (Self::Cancelled { .. }, Cancel { .. } | GiveUp { .. } | CallOff { .. }) => {
                already_done()
            }
            (Self::Alive { placed, .. }, Begin) if placed.begun => already_done(),
            (Self::Alive { .. }, Begin) => accept(Event::Begun),
            (Self::Alive { placed, .. }, GiveUp { .. }) if !placed.begun => already_done(),
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
            (Self::Alive { placed, .. }, CallOff { .. }) if placed.called_off => already_done(),
            (Self::Alive { stage, .. }, CallOff { order }) if stage.can_be_called_off() => {
                accept(Event::CalledOff { order })
            }
            (Self::Alive { stage, .. }, Cancel { because } | GiveUp { because })
                if stage.can_be_cancelled() =>
            {
                accept(Event::Cancelled { because })
            }
            (Self::Alive { stage, .. }, Cancel { .. } | GiveUp { .. } | CallOff { .. }) => {
                refuse(Refusal::TooLateToCancel { stage: stage.clone() })
            }
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (
                Self::Unplaced,
                Event::Placed { buyer, region, lines, total: sum, pay_with, send_to },
            ) if total(lines) == Ok(*sum) => {
                let placed = Placed {
                    buyer: *buyer,
                    region: *region,
                    lines: lines.clone(),
                    total: *sum,
                    pay_with: pay_with.clone(),
                    send_to: send_to.clone(),
                    called_off: false,
                    begun: false,
                };
                Ok(Self::Alive { placed, stage: Stage::Placed })
            }
            (Self::Alive { placed, stage }, &Event::Cancelled { because })
                if stage.can_be_cancelled() =>
            {
                Ok(Self::Cancelled { placed, because })
            }
            (Self::Alive { mut placed, stage }, Event::Begun) if !placed.begun => {
                placed.begun = true;
                Ok(Self::Alive { placed, stage })
            }
            (Self::Alive { mut placed, stage }, Event::CalledOff { .. })
                if stage.can_be_called_off() && !placed.called_off =>
            {
                placed.called_off = true;
                Ok(Self::Alive { placed, stage })
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

fn place(
    buyer: BuyerId,
    region: Region,
    lines: Vec<Line>,
    pay_with: Means,
    send_to: Point,
) -> Decision<Order> {
    if lines.len() > LINES_MAX as usize {
        return refuse(Refusal::TooManyLines { most: LINES_MAX });
    }
    match total(&lines) {
        Ok(total) => accept(Event::Placed { buyer, region, lines, total, pay_with, send_to }),
        Err(because) => refuse(Refusal::NoTotal { because }),
    }
}
