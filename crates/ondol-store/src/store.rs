//! The port itself.

use std::fmt::Debug;

use async_trait::async_trait;
use ondol_kernel::{CommandId, Envelope, Id, Metadata, Position, StreamId};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    Append, AppendError, Appended, Limits, Outcome, Page, ReadAll, ReadError, ReadStream, Snapshot,
    SnapshotError,
};

/// Which life of a log this is: a log that was restored from a copy has another.
pub type LogEpoch = Id<Epoch>;

/// The life of a log.
#[derive(Debug)]
pub enum Epoch {}

/// Where a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Which life of the log this is.
    pub epoch: LogEpoch,
    /// The position of the last event that is durable.
    pub position: Position,
}

/// A log of events that keeps what it acknowledges.
///
/// Every method may be called from any number of tasks. Dropping a future that this returns
/// leaves the operation either done or not done, never half done; whether it was done is known
/// by its command's outcome.
#[async_trait]
pub trait EventStore: Debug + Send + Sync + 'static {
    /// What the store takes at most.
    fn limits(&self) -> &Limits;

    /// Records what has happened, durably, whole or not at all.
    ///
    /// The checks are made in this order: the rules of [`Append::check`]; the command's recorded
    /// outcome, which answers in place of a write; the expected versions; the conditions.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Reads one stream. A stream that does not exist has no events.
    ///
    /// The answer is a page: when it holds fewer events than were asked for, the stream ends
    /// there only if neither limit of a page was reached. Who wants all goes on until no event
    /// comes.
    async fn read_stream(&self, read: ReadStream) -> Result<Vec<Envelope>, ReadError>;

    /// Reads the log in the order of its positions, the house's own events as well. Only durable
    /// events are read.
    ///
    /// A page may end before the limit is reached, but unless the limit is zero it looks at one
    /// event at least, if there is any: `seen` moves on until it is `head`.
    async fn read_all(&self, read: ReadAll) -> Result<Page, ReadError>;

    /// Where the log ends, asked anew.
    async fn head(&self) -> Result<Head, ReadError>;

    /// Where the log ends, as far as this process has heard. It may lag behind a write of
    /// another process for a moment, and closes when the log has stopped.
    fn watch(&self) -> watch::Receiver<Head>;

    /// What came of a command, if anything has.
    async fn outcome(&self, command: CommandId) -> Result<Option<Outcome>, ReadError>;

    /// Makes a command void unless something has come of it; answers what has come of it.
    async fn void(&self, command: CommandId, metadata: Metadata) -> Result<Outcome, AppendError> {
        Ok(self.append(Append::void(command, metadata)).await?.outcome)
    }

    /// Keeps a snapshot in place of the one before of its stream and fold.
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError>;

    /// The last snapshot of a stream that this fold has made.
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError>;
}
