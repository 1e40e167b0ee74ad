//! The port itself.

use std::fmt::Debug;

use async_trait::async_trait;
use ondol_kernel::Timestamp;
use tokio::sync::watch;

use crate::{BookName, Checkpoint, Limits, Place, ReadError, Timer, TimerId, Write, WriteError};

/// A place where timers sleep, in the order in which they are due, with the checkpoint of the
/// log they follow from.
///
/// Every method may be called from any number of tasks. A write is made whole or not at all, and
/// dropping its future leaves it either made or not made. Nothing of it is kept in memory by the
/// engines on a disk, so opening one takes as long with a million timers as with none.
#[async_trait]
pub trait TimerStore: Debug + Send + Sync + 'static {
    /// What the store takes at most.
    fn limits(&self) -> &Limits;

    /// Changes whenever this process has written. Writes of other processes are not heard of.
    fn watch(&self) -> watch::Receiver<u64>;

    /// How far the log has been read for this book; nothing, if it never has been.
    async fn checkpoint(&self, book: &BookName) -> Result<Option<Checkpoint>, ReadError>;

    /// Does what the orders say, one after the other, and moves the checkpoint, if it stands
    /// where the write expects it.
    async fn write(&self, write: Write) -> Result<(), WriteError>;

    /// Forgets timers that have fired, unless they have been replaced since: the generation must
    /// be the one that fired. Settling twice does nothing.
    async fn settle(&self, book: &BookName, fired: Vec<Timer>) -> Result<(), WriteError>;

    /// The timers that are due at this moment or before it, in order, after a place.
    async fn due(
        &self,
        book: &BookName,
        until: Timestamp,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadError>;

    /// When the first of those that sleep is due.
    async fn next_due(&self, book: &BookName) -> Result<Option<Timestamp>, ReadError>;

    /// One timer, if it sleeps.
    async fn get(&self, book: &BookName, id: &TimerId) -> Result<Option<Timer>, ReadError>;

    /// How many sleep.
    async fn count(&self, book: &BookName) -> Result<u64, ReadError>;

    /// Throws away a book: its timers and its checkpoint. The next write begins anew.
    async fn clear(&self, book: &BookName) -> Result<(), WriteError>;
}
