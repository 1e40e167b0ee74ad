//! A timer, and what is written about timers.

use std::fmt;

use ondol_kernel::{Position, StreamId, Timestamp};
pub use ondol_store::Head as Checkpoint;

use crate::{BookName, Limits, TimerName, WriteError};

/// Which setting of a timer this is. Each setting of one name has a higher one than those before
/// it: the position of the event that set it, or whatever else its owner counts by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

impl Generation {
    /// That of a timer that the event at this position has set.
    pub const fn at(position: Position) -> Self {
        Self(position.get())
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which timer: one of its stream, by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    /// Whom it wakes.
    pub stream: StreamId,
    /// Which one of the stream's.
    pub name: TimerName,
}

/// A timer that sleeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Which one.
    pub id: TimerId,
    /// Which setting of it.
    pub generation: Generation,
    /// When it is due.
    pub due: Timestamp,
}

/// Where a timer stands in the order in which timers fire: by due time, and among those that are
/// due at once by stream and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it is due.
    pub due: Timestamp,
    /// Which one.
    pub id: TimerId,
}

impl Timer {
    /// Its place in the order.
    pub fn place(&self) -> Place {
        Place { due: self.due, id: self.id.clone() }
    }
}

/// What an event wants of a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// It is to sleep until it is due. One of the same name is replaced.
    Set(Timer),
    /// It is to be forgotten. Nothing happens if there is none.
    Cancel(TimerId),
}

/// What a stretch of a log wants of a book's timers, in order, and how far it has been read: all
/// of it in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Whose timers.
    pub book: BookName,
    /// Where the checkpoint must stand; nothing, if the log has never been read for this book.
    pub from: Option<Checkpoint>,
    /// Where it stands afterwards.
    pub to: Checkpoint,
    /// What the events want, in their order.
    pub orders: Vec<Order>,
}

impl Write {
    /// Refuses what is larger than it may be.
    ///
    /// # Errors
    /// When it is.
    pub fn check(&self, limits: &Limits) -> Result<(), WriteError> {
        let (most, found) = (limits.orders_per_write_max, self.orders.len());
        if found > most { Err(WriteError::TooMany { most, found }) } else { Ok(()) }
    }
}
