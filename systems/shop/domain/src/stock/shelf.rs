//! What lies on a product's shelf, and its arithmetic.
//!
//! Recording a fact checks only what has to hold whatever the shop's policy is: no piece comes
//! from nowhere, and none is promised twice.

use std::collections::{BTreeMap, VecDeque};

use ondol_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::Event;
use crate::{OrderId, QUANTITY_MAX, Quantity};

/// For how many orders pieces can be reserved at once.
pub const RESERVATIONS_MAX: u32 = 10_000;

/// How many ended promises and delivery notes a shelf remembers. Until then whoever asks again is
/// answered as they were the first time.
pub const ORDERS_REMEMBERED_MAX: usize = 1_024;

const NOTHING_RESERVED: &str = "nothing is reserved for this order";

/// The pieces of one product, and what of them is promised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    pieces: u32,
    reserved: u32,
    reservations: BTreeMap<OrderId, Reservation>,
    ended: VecDeque<(OrderId, Standing)>,
    notes: VecDeque<String>,
}

/// Pieces that are promised, until a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// How many.
    pub pieces: Quantity,
    /// Until when.
    pub until: Timestamp,
}

/// How the promise made to an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// The pieces are on the shelf, for this order alone.
    Reserved(Reservation),
    /// They have left with it.
    HandedOver,
    /// Others can have them.
    LetGo,
}

impl Shelf {
    /// All that lie on it, promised or not.
    pub const fn pieces(&self) -> u32 {
        self.pieces
    }

    /// What is promised to orders.
    pub const fn reserved(&self) -> u32 {
        self.reserved
    }

    /// What can be sold.
    pub const fn available(&self) -> u32 {
        self.pieces.saturating_sub(self.reserved)
    }

    /// How the promise made to an order stands, if there is one that is remembered.
    pub fn standing(&self, order: OrderId) -> Option<Standing> {
        let reserved = self.reservations.get(&order).copied().map(Standing::Reserved);
        let ended = || self.ended.iter().find(|(ended, _)| *ended == order);
        reserved.or_else(|| ended().map(|(_, standing)| *standing))
    }

    pub(super) fn has_seen(&self, note: &str) -> bool {
        self.notes.iter().any(|seen| seen == note)
    }

    pub(super) const fn has_room_for(&self, pieces: Quantity) -> bool {
        self.pieces.saturating_add(pieces.pieces()) <= QUANTITY_MAX
    }

    pub(super) const fn can_spare(&self, pieces: Quantity) -> bool {
        pieces.pieces() <= self.available()
    }

    pub(super) fn has_all_reservations(&self) -> bool {
        self.reservations.len() >= RESERVATIONS_MAX as usize
    }

    /// Writes down what has happened; the error is the rule that it breaks, and then nothing has
    /// been written.
    pub(super) fn record(&mut self, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Received { note, pieces } => self.receive(note, *pieces),
            Event::Reserved { order, pieces, until } => {
                self.reserve(*order, Reservation { pieces: *pieces, until: *until })
            }
            Event::RanShort { .. } => Ok(()),
            Event::HandedOver { order } => {
                let pieces = self.end(*order, Standing::HandedOver)?;
                self.pieces -= pieces;
                Ok(())
            }
            Event::LetGo { order, .. } => self.end(*order, Standing::LetGo).map(|_pieces| ()),
        }
    }

    fn receive(&mut self, note: &str, pieces: Quantity) -> Result<(), &'static str> {
        if self.has_seen(note) {
            return Err("a delivery comes once");
        }
        self.pieces = self.pieces.checked_add(pieces.pieces()).ok_or("no shelf is so long")?;
        remember(&mut self.notes, note.to_owned());
        Ok(())
    }

    fn reserve(&mut self, order: OrderId, reservation: Reservation) -> Result<(), &'static str> {
        if self.standing(order).is_some() {
            return Err("a promise is made to an order once");
        }
        if !self.can_spare(reservation.pieces) {
            return Err("more than there is was promised");
        }
        self.reserved += reservation.pieces.pieces();
        self.reservations.insert(order, reservation);
        Ok(())
    }

    /// Ends a promise; what it held counts as promised no longer.
    fn end(&mut self, order: OrderId, ending: Standing) -> Result<u32, &'static str> {
        let Reservation { pieces, .. } =
            self.reservations.remove(&order).ok_or(NOTHING_RESERVED)?;
        self.reserved -= pieces.pieces();
        remember(&mut self.ended, (order, ending));
        Ok(pieces.pieces())
    }
}

fn remember<T>(memory: &mut VecDeque<T>, one: T) {
    if memory.len() >= ORDERS_REMEMBERED_MAX {
        memory.pop_front();
    }
    memory.push_back(one);
}
