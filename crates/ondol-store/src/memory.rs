//! The log in memory: for tests, for trying things out, and as the model of all other engines.
//!
//! It keeps the promises in the plainest way there is: one lock, one list, an index of positions
//! per stream and per tag. What it holds is gone with it, so "durable" means no more here than
//! "in the list". It grows as long as it is appended to.

mod log;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use ondol_kernel::{CommandId, Envelope, Position, StreamId};
use tokio::sync::watch;

use self::log::Log;
use crate::{
    Append, AppendError, Appended, EventStore, Head, Limits, LogEpoch, Outcome, Page, ReadAll,
    ReadError, ReadStream, Replica, ReplicateError, Snapshot, SnapshotError,
};

/// A log that lives as long as its process.
pub struct MemoryStore {
    limits: Limits,
    epoch: LogEpoch,
    log: Mutex<Log>,
    snapshots: Mutex<HashMap<(StreamId, u64), Snapshot>>,
    head: watch::Sender<Head>,
}

impl MemoryStore {
    /// An empty log. Each life of a log has its own epoch.
    pub fn new(epoch: LogEpoch, limits: Limits) -> Self {
        Self {
            limits,
            epoch,
            log: Mutex::default(),
            snapshots: Mutex::default(),
            head: watch::Sender::new(Head { epoch, position: Position::START }),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("nobody panics while holding the log")
    }

    fn snapshots(&self) -> MutexGuard<'_, HashMap<(StreamId, u64), Snapshot>> {
        self.snapshots.lock().expect("nobody panics while holding the snapshots")
    }

    /// Tells who waits for more. The log is still held, so that heads are told in order.
    fn tell(&self, log: &MutexGuard<'_, Log>) {
        self.head.send_replace(Head { epoch: self.epoch, position: log.head() });
    }
}

impl Default for MemoryStore {
    /// An empty log with the usual limits, whose epoch is always the same.
    fn default() -> Self {
        Self::new(LogEpoch::named("a log in memory"), Limits::default())
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check(&self.limits)?;
        let mut log = self.log();
        if let Some(outcome) = append.command.and_then(|command| log.outcome(command)) {
            return Ok(Appended { outcome, repeated: true });
        }
        log.check_expectations(&append.writes)?;
        log.check_conditions(&append.conditions)?;
        let outcome = log.append(append);
        self.tell(&log);
        Ok(Appended { outcome, repeated: false })
    }

    async fn read_stream(&self, read: ReadStream) -> Result<Vec<Envelope>, ReadError> {
        Ok(self.log().read_stream(&read, &self.limits))
    }

    async fn read_all(&self, read: ReadAll) -> Result<Page, ReadError> {
        let log = self.log();
        let head = log.head();
        if read.after > head {
            return Err(ReadError::AheadOfLog { asked: read.after, head, epoch: self.epoch });
        }
        Ok(log.read_all(&read, &self.limits))
    }

    async fn head(&self) -> Result<Head, ReadError> {
        Ok(*self.head.borrow())
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    async fn outcome(&self, command: CommandId) -> Result<Option<Outcome>, ReadError> {
        Ok(self.log().outcome(command))
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let (most, found) = (self.limits.snapshot_bytes_max, snapshot.state.len());
        if found > most {
            return Err(SnapshotError::TooLarge { most, found });
        }
        self.snapshots().insert((snapshot.stream.clone(), snapshot.fold), snapshot);
        Ok(())
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        Ok(self.snapshots().get(&(stream.clone(), fold)).cloned())
    }
}

#[async_trait]
impl Replica for MemoryStore {
    async fn append_recorded(&self, events: Vec<Envelope>) -> Result<Position, ReplicateError> {
        let mut log = self.log();
        crate::check_recorded(log.head(), &events, &self.limits)?;
        log.check_recorded(&events)?;
        log.take_over(&events);
        self.tell(&log);
        Ok(log.head())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("head", &*self.head.borrow()).finish_non_exhaustive()
    }
}
