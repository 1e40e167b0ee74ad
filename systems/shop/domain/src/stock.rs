//! The stock of one product: how many pieces there are, and to whom they are promised.
//!
//! A piece that is *reserved* for an order is still in the warehouse and can no longer be sold to
//! anybody else. It then *leaves* with the order, or is *let go*: because the order came to
//! nothing, or because its time has run out. There are never more promises than pieces.

mod shelf;

use ondol_domain::{
    Aggregate, Decision, Due, Facts, Impossible, Snapshot, TimerOrder, accept, already_done,
    cancel_timer, refuse, set_timer,
};
use ondol_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{OrderId, Quantity};

pub use shelf::{ORDERS_REMEMBERED_MAX, RESERVATIONS_MAX, Reservation, Shelf, Standing};

/// What may be asked of a stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a warehouse would name them")]
pub enum Command {
    /// Put pieces on the shelf that have come under a delivery note.
    Receive { note: String, pieces: Quantity },
    /// Promise pieces to an order, until a moment.
    Reserve { order: OrderId, pieces: Quantity, until: Timestamp },
    /// The same, for somebody who only listens: that there are too few is then a fact as well.
    Claim { order: OrderId, pieces: Quantity, until: Timestamp },
    /// Let pieces leave with the order that they are promised to.
    HandOver { order: OrderId },
    /// Take back the promise made to an order.
    LetGo { order: OrderId, because: LetGoReason },
}

/// What has happened to a stock. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a warehouse would name them")]
pub enum Event {
    /// Pieces were put on the shelf.
    Received { note: String, pieces: Quantity },
    /// Pieces were promised to an order.
    Reserved { order: OrderId, pieces: Quantity, until: Timestamp },
    /// There were too few for an order that had claimed some.
    RanShort { order: OrderId, wanted: Quantity, available: u32 },
    /// The pieces promised to an order have left.
    HandedOver { order: OrderId },
    /// The pieces promised to an order can be sold to others.
    LetGo { order: OrderId, because: LetGoReason },
}

/// Why a promise is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LetGoReason {
    /// The order came to nothing.
    OrderEnded,
    /// Its time has run out.
    TimeRanOut,
}

/// Why the warehouse says no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each refusal's own sentence says what its numbers are")]
pub enum Refusal {
    /// Others were quicker.
    #[error("only {available} are left")]
    OutOfStock { available: u32 },
    /// A shelf has an end.
    #[error("with {pieces} on it, the shelf cannot take so many more")]
    ShelfIsFull { pieces: u32 },
    /// One order, one promise.
    #[error("{pieces} are reserved for this order already")]
    ReservedOtherwise { pieces: Quantity },
    /// Only so many promises at once.
    #[error("pieces are reserved for {most} orders already")]
    TooManyReservations { most: u32 },
    /// The promise has been taken back.
    #[error("what was reserved for this order has been let go")]
    LetGoAlready,
    /// The promise has been kept.
    #[error("what was reserved for this order has left the warehouse")]
    HandedOverAlready,
    /// There was no promise.
    #[error("nothing is reserved for this order")]
    NothingReserved,
}

/// A stock as it stands; before anything has come, the shelf is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock(Shelf);

impl Stock {
    /// What lies on the shelf.
    pub const fn shelf(&self) -> &Shelf {
        &self.0
    }
}

impl Facts for Event {
    const KIND: &'static str = Stock::KIND;
}

impl Aggregate for Stock {
    const KIND: &'static str = "stock";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        let Self(shelf) = self;
        match command {
            Command::Receive { note, .. } if shelf.has_seen(&note) => already_done(),
            Command::Receive { note, pieces } if shelf.has_room_for(pieces) => {
                accept(Event::Received { note, pieces })
            }
            Command::Receive { .. } => refuse(Refusal::ShelfIsFull { pieces: shelf.pieces() }),
            Command::Reserve { order, pieces, until } => reserve(shelf, order, pieces, until),
            Command::Claim { order, pieces, until } => claim(shelf, order, pieces, until),
            Command::HandOver { order } => hand_over(shelf, order),
            Command::LetGo { order, because } => let_go(shelf, order, because),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match self.0.record(event) {
            Ok(()) => Ok(self),
            Err(rule) => Err(Impossible::new(&self, event).because(rule)),
        }
    }

    /// A promise whose time has run out is taken back by itself.
    fn timers(event: &Event) -> Vec<TimerOrder<Command>> {
        match *event {
            Event::Reserved { order, until, .. } => {
                let then = Command::LetGo { order, because: LetGoReason::TimeRanOut };
                vec![set_timer(order.to_string(), Due::At(until), then)]
            }
            Event::HandedOver { order } | Event::LetGo { order, .. } => {
                vec![cancel_timer(order.to_string())]
            }
            Event::Received { .. } | Event::RanShort { .. } => Vec::new(),
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

/// A promise is made once, and only of pieces that nobody else was promised.
fn reserve(shelf: &Shelf, order: OrderId, pieces: Quantity, until: Timestamp) -> Decision<Stock> {
    match shelf.standing(order) {
        Some(Standing::Reserved(reserved)) if reserved.pieces == pieces => already_done(),
        Some(Standing::Reserved(Reservation { pieces, .. })) => {
            refuse(Refusal::ReservedOtherwise { pieces })
        }
        Some(Standing::HandedOver) => refuse(Refusal::HandedOverAlready),
        Some(Standing::LetGo) => refuse(Refusal::LetGoAlready),
        None if !shelf.can_spare(pieces) => {
            refuse(Refusal::OutOfStock { available: shelf.available() })
        }
        None if shelf.has_all_reservations() => {
            refuse(Refusal::TooManyReservations { most: RESERVATIONS_MAX })
        }
        None => accept(Event::Reserved { order, pieces, until }),
    }
}

/// A claim is a promise, or the fact that there are too few.
fn claim(shelf: &Shelf, order: OrderId, wanted: Quantity, until: Timestamp) -> Decision<Stock> {
    match reserve(shelf, order, wanted, until) {
        Err(Refusal::OutOfStock { .. } | Refusal::TooManyReservations { .. }) => {
            accept(Event::RanShort { order, wanted, available: shelf.available() })
        }
        decided => decided,
    }
}

/// A promise is kept once, and only if it was made and not taken back.
fn hand_over(shelf: &Shelf, order: OrderId) -> Decision<Stock> {
    match shelf.standing(order) {
        Some(Standing::Reserved(_)) => accept(Event::HandedOver { order }),
        Some(Standing::HandedOver) => already_done(),
        Some(Standing::LetGo) => refuse(Refusal::LetGoAlready),
        None => refuse(Refusal::NothingReserved),
    }
}

/// A promise is taken back once, and not after it was kept. One that was never made needs no
/// taking back: whoever undoes an order need not know how far it came.
fn let_go(shelf: &Shelf, order: OrderId, because: LetGoReason) -> Decision<Stock> {
    match shelf.standing(order) {
        Some(Standing::Reserved(_)) => accept(Event::LetGo { order, because }),
        Some(Standing::HandedOver) => refuse(Refusal::HandedOverAlready),
        Some(Standing::LetGo) | None => already_done(),
    }
}
