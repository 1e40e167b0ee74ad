//! The store: what callers hold.

use std::any::Any;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;

use async_trait::async_trait;
use ondol_kernel::{CommandId, Envelope, Position, StreamId, Version};
use ondol_store::{
    Append, AppendError, Appended, BoxError, EventStore, Expected, Head, InvalidAppend, Limits,
    LogEpoch, Outcome, Page, ReadAhead, ReadAll, ReadError, ReadStream, Replica, ReplicateError,
    Snapshot, SnapshotError, check_recorded,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::appending::Appending;
use crate::bug::Bugs;
use crate::draft::{ConditionToCheck, Draft, with_scratch};
use crate::error::{RecordError, WhyStopped};
use crate::heads::Heads;
use crate::index::Index;
use crate::key::{Fingerprints, Key};
use crate::progress::Progress;
use crate::queue::{Gathering, Queue, Ticket, Verdict};
use crate::reader::{Reader, Window};
use crate::reading::Hints;
use crate::segments::Segments;
use crate::snapshots::Snapshots;

/// How many postings of a tag are looked at at a time.
const POSTINGS_AT_ONCE: usize = 256;

/// A log in a folder on a disk.
///
/// Dropping it writes what waits, waits for its threads and gives the folder free.
pub struct DiskStore {
    pub(crate) shared: Arc<Shared>,
    pub(crate) threads: Vec<JoinHandle<()>>,
    pub(crate) is_closing: Arc<AtomicBool>,
    /// Held as long as the store is. A log that is only looked at has none.
    pub(crate) lock: Option<Box<dyn Any + Send + Sync>>,
}

/// What the store and its threads have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) keys: Fingerprints,
    pub(crate) queue: Queue,
    pub(crate) segments: Arc<Segments>,
    pub(crate) reader: Reader,
    pub(crate) heads: Arc<Heads>,
    pub(crate) index: Arc<Index>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) hints: Hints,
    pub(crate) ahead: ReadAhead,
    pub(crate) snapshots: Snapshots,
    pub(crate) head: watch::Receiver<Head>,
    pub(crate) bugs: Bugs,
}

impl Shared {
    /// Joins the group that is being gathered.
    pub(crate) fn join(
        &self,
        fill: impl FnOnce(&mut Draft, &Fingerprints),
        waker: &Waker,
    ) -> Result<Ticket, AppendError> {
        with_scratch(|draft| {
            fill(draft, &self.keys);
            self.queue.submit(draft, waker)
        })
    }

    /// Takes nothing more and says why, also to everyone who waits; none of the threads waits for
    /// another any more.
    pub(crate) fn stop(&self, why: &WhyStopped) {
        tracing::error!(error = %why, "the log stops until it is opened again");
        self.queue.stop(why.clone());
        self.queue.close();
        let mut gathering = Gathering::new();
        while self.queue.take(&mut gathering) {
            gathering.refuse_all(why);
        }
        self.index.close();
        self.progress.end();
    }

    pub(crate) fn epoch(&self) -> LogEpoch {
        self.segments.manifest.epoch
    }

    /// What came of a command, as far as it is durable.
    pub(crate) fn recorded_outcome(
        &self,
        command: CommandId,
        key: Key,
        window: &mut Window,
    ) -> io::Result<Option<Outcome>> {
        for posting in self.index.forward(key, 0, POSTINGS_AT_ONCE)? {
            let record = self.reader.record(posting.address, 0, window)?;
            let malformed = |malformed| io::Error::new(io::ErrorKind::InvalidData, malformed);
            if record.command().map_err(malformed)? == Some(command) {
                return Reader::outcome(&record).map(Some).map_err(malformed);
            }
        }
        Ok(None)
    }

    /// The first durable event that breaks a condition.
    pub(crate) fn first_that_breaks(
        &self,
        wanted: &ConditionToCheck<'_>,
        window: &mut Window,
    ) -> io::Result<Option<Position>> {
        let mut after = wanted.after;
        for key in wanted.keys.iter().skip(1) {
            if self.index.after(*key, after, 1)?.is_empty() {
                return Ok(None);
            }
        }
        let Some(key) = wanted.keys.first() else { return Ok(None) };
        loop {
            let postings = self.index.after(*key, after, POSTINGS_AT_ONCE)?;
            for posting in &postings {
                let record = self.reader.record(posting.address, 0, window)?;
                let position = Position::new(posting.number);
                let is_broken = wanted.is_broken_by(&record, position);
                let malformed = |malformed| io::Error::new(io::ErrorKind::InvalidData, malformed);
                if is_broken.map_err(malformed)? {
                    return Ok(Some(position));
                }
                after = position;
            }
            if postings.len() < POSTINGS_AT_ONCE {
                return Ok(None);
            }
        }
    }
}

impl DiskStore {
    /// Waits for a place in the log: joins a group, and gets its answer.
    async fn submit(
        &self,
        fill: impl FnOnce(&mut Draft, &Fingerprints),
    ) -> Result<Verdict, AppendError> {
        let mut fill = Some(fill);
        let mut ticket: Option<Ticket> = None;
        std::future::poll_fn(move |ctx| {
            if let Some(fill) = fill.take() {
                return match self.shared.join(fill, ctx.waker()) {
                    Ok(joined) => {
                        ticket = Some(joined);
                        Poll::Pending
                    }
                    Err(refused) => Poll::Ready(Err(refused)),
                };
            }
            let ticket = ticket.as_ref().expect("a future is not polled after it is done");
            ticket.poll(ctx).map(Ok)
        })
        .await
    }

    /// Where the log ends, as this store has made it.
    pub(crate) fn durable(&self) -> Position {
        self.shared.progress.durable().position
    }
}

pub(crate) fn refused(verdict: Verdict) -> AppendError {
    let unavailable = |error: Arc<io::Error>| AppendError::Unavailable(Box::new(error));
    match verdict {
        Verdict::Conflict { stream, expected, found } => {
            AppendError::Conflict { stream, expected, found }
        }
        Verdict::ConditionBroken { at } => AppendError::ConditionBroken { at },
        Verdict::ConditionAhead { asked, head } => {
            InvalidAppend::ConditionAhead { asked, head }.into()
        }
        Verdict::Full(error) => AppendError::Full(Box::new(error)),
        Verdict::Unreadable(error) => unavailable(error),
        Verdict::Stopped(why) => AppendError::Stopped(why.into()),
        Verdict::Recorded { .. }
        | Verdict::Repeated(_)
        | Verdict::OutOfOrder { .. }
        | Verdict::CommandInPieces { .. } => {
            unavailable(Arc::new(io::Error::other("the log gave an answer to another question")))
        }
    }
}

/// Runs what reads files away from the tasks of the runtime.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BoxError> {
    tokio::task::spawn_blocking(work).await.map_err(BoxError::from)
}

#[async_trait]
impl EventStore for DiskStore {
    fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    fn append<'store, 'waits>(
        &'store self,
        append: Append,
    ) -> Pin<Box<dyn Future<Output = Result<Appended, AppendError>> + Send + 'waits>>
    where
        'store: 'waits,
        Self: 'waits,
    {
        Box::pin(Appending::new(&self.shared, append))
    }

    async fn read_stream(&self, read: ReadStream) -> Result<Vec<Envelope>, ReadError> {
        if self.lock.is_some() && self.shared.has_none_of(&read) {
            return Ok(Vec::new());
        }
        let shared = Arc::clone(&self.shared);
        beside(move || shared.read_stream(&read)).await.map_err(ReadError::Stopped)?
    }

    async fn read_all(&self, read: ReadAll) -> Result<Page, ReadError> {
        let start = |into: &mut JoinSet<_>, read: ReadAll| {
            let shared = Arc::clone(&self.shared);
            into.spawn_blocking(move || shared.read_all(&read));
        };
        self.shared.ahead.read(read, &self.shared.limits, start).await
    }

    async fn head(&self) -> Result<Head, ReadError> {
        Ok(*self.shared.head.borrow())
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.shared.head.clone()
    }

    async fn outcome(&self, command: CommandId) -> Result<Option<Outcome>, ReadError> {
        let shared = Arc::clone(&self.shared);
        let found = beside(move || {
            let key = shared.keys.command(command);
            shared.recorded_outcome(command, key, &mut Window::default())
        });
        let found = found.await.map_err(ReadError::Stopped)?;
        found.map_err(|error| read_error(error.into(), Position::START))
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let (most, found) = (self.shared.limits.snapshot_bytes_max, snapshot.state.len());
        if found > most {
            return Err(SnapshotError::TooLarge { most, found });
        }
        let shared = Arc::clone(&self.shared);
        let saved = beside(move || shared.snapshots.save(&snapshot)).await;
        saved
            .map_err(SnapshotError::Unavailable)?
            .map_err(|error| SnapshotError::Unavailable(Box::new(error)))
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        if self.shared.snapshots.has_none(stream, fold) {
            return Ok(None);
        }
        let (shared, stream) = (Arc::clone(&self.shared), stream.clone());
        let loaded = beside(move || shared.snapshots.load(&stream, fold)).await;
        loaded
            .map_err(SnapshotError::Unavailable)?
            .map_err(|error| SnapshotError::Unavailable(Box::new(error)))
    }
}

#[async_trait]
impl Replica for DiskStore {
    async fn append_recorded(&self, events: Vec<Envelope>) -> Result<Position, ReplicateError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(self.durable());
        };
        let head = self.durable();
        let last = last.position;
        if first.position > head.next() {
            let (expected, found) = (head.next(), first.position);
            return Err(ReplicateError::OutOfOrder { expected, found });
        }
        let before = first.position.previous().unwrap_or(Position::START);
        check_recorded(before, &events, &self.shared.limits)?;
        let verdict = self.submit(|draft, keys| draft.add_recorded(&events, keys)).await?;
        match verdict {
            Verdict::Recorded { .. } => Ok(last),
            Verdict::OutOfOrder { expected, found } => {
                Err(ReplicateError::OutOfOrder { expected, found })
            }
            Verdict::CommandInPieces { command } => {
                Err(ReplicateError::CommandInPieces { command })
            }
            Verdict::Conflict { stream, expected, found: stands } => {
                let found = match expected {
                    Expected::Exactly(before) => Version::new(before.get().wrapping_add(1)),
                    _ => stands,
                };
                let expected = stands.next();
                Err(ReplicateError::VersionOutOfOrder { stream, expected, found })
            }
            other => Err(refused(other).into()),
        }
    }
}

/// Says why something could not be read.
pub(crate) fn read_error(error: RecordError, near: Position) -> ReadError {
    match error {
        RecordError::Disk(error) if error.kind() == io::ErrorKind::InvalidData => {
            ReadError::Corrupt { near, source: Box::new(error) }
        }
        RecordError::Disk(error) => ReadError::Unavailable(Box::new(error)),
        corrupt @ RecordError::Corrupt { .. } => {
            ReadError::Corrupt { near, source: Box::new(corrupt) }
        }
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        self.is_closing.store(true, Ordering::Relaxed);
        self.shared.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the log has panicked");
            }
        }
        self.lock = None;
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.durable();
        f.debug_struct("DiskStore")
            .field("folder", &self.shared.segments.folder)
            .field("head", &head)
            .finish_non_exhaustive()
    }
}
