//! How far an order has come.

use ondol_domain::{Decision, accept, already_done, refuse};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use super::{Event, Line, Order, Refusal};
use crate::{BuyerId, ChargeId, Means, Point, ShipmentId};

/// Where in the world an order is dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Region {
    /// The Americas.
    Us,
    /// Europe.
    Eu,
    /// Asia.
    Asia,
}

/// What was bought, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Who bought it.
    pub buyer: BuyerId,
    /// Where it is dealt with.
    pub region: Region,
    /// What was bought.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Money,
    /// What it is paid with.
    #[serde(default)]
    pub pay_with: Means,
    /// Where it is picked up.
    #[serde(default)]
    pub send_to: Point,
    /// Whether the buyer does not want it any more.
    #[serde(default)]
    pub called_off: bool,
    /// Whether it is being dealt with.
    #[serde(default)]
    pub begun: bool,
}

/// How far an order has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum Stage {
    /// It was placed.
    Placed,
    /// The warehouse keeps the goods for it.
    Reserved,
    /// The money is there.
    Paid { charge: ChargeId },
    /// The goods are on their way.
    Shipped { shipment: ShipmentId },
    /// The goods have arrived.
    Delivered,
}

/// Why an order comes to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelReason {
    /// The buyer does not want it any more.
    BuyerAsked,
    /// Others were quicker.
    OutOfStock,
    /// The payment was declined.
    PaymentDeclined,
    /// Nobody can carry it.
    CannotBeShipped,
    /// It took too long.
    TookTooLong,
}

impl Stage {
    /// Until the goods are on their way.
    pub const fn can_be_cancelled(&self) -> bool {
        matches!(self, Self::Placed | Self::Reserved | Self::Paid { .. })
    }

    /// Until it is paid.
    pub const fn can_be_called_off(&self) -> bool {
        matches!(self, Self::Placed | Self::Reserved)
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Placed => 0,
            Self::Reserved => 1,
            Self::Paid { .. } => 2,
            Self::Shipped { .. } => 3,
            Self::Delivered => 4,
        }
    }

    /// An order comes on by one step at a time. What it has left behind has been done.
    pub(super) fn reach(&self, next: &Self, event: Event) -> Decision<Order> {
        if next.rank() < self.rank() || self == next {
            return already_done();
        }
        if next.rank() == self.rank() + 1 {
            return accept(event);
        }
        if next.rank() == self.rank() {
            return refuse(Refusal::DoneOtherwise { stage: self.clone() });
        }
        refuse(Refusal::NotYet { stage: self.clone() })
    }

    /// How far it has come once an event has happened, if it can have.
    pub(super) fn after(&self, event: &Event) -> Option<Self> {
        match (self, event) {
            (Self::Placed, Event::StockReserved) => Some(Self::Reserved),
            (Self::Reserved, &Event::Paid { charge }) => Some(Self::Paid { charge }),
            (Self::Paid { .. }, &Event::Shipped { shipment }) => Some(Self::Shipped { shipment }),
            (Self::Shipped { .. }, Event::Delivered) => Some(Self::Delivered),
            (
                _,
                Event::Placed { .. }
                | Event::StockReserved
                | Event::Paid { .. }
                | Event::Shipped { .. }
                | Event::Delivered
                | Event::Begun
                | Event::CalledOff { .. }
                | Event::Cancelled { .. },
            ) => None,
        }
    }
}
