//! A log whose appends go wrong as they are told to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ondol_kernel::{CommandId, Envelope, StreamId};
use ondol_store::{
    Append, AppendError, Appended, EventStore, Head, Limits, Outcome, Page, ReadAll, ReadError,
    ReadStream, Snapshot, SnapshotError,
};
use tokio::sync::watch;

use super::{Case, Fault};

/// What is to go wrong, in all logs of an app together.
#[derive(Debug, Default)]
pub(super) struct Faults {
    is_armed: AtomicBool,
    appends: AtomicUsize,
    case: Mutex<Case>,
    /// From the crash on nothing is done any more, until the app has come up again.
    has_crashed: AtomicBool,
}

impl Faults {
    pub(super) fn of(case: &Case) -> Self {
        Self { case: Mutex::new(case.clone()), ..Self::default() }
    }

    /// From now on appends are counted, and go wrong.
    pub(super) fn arm(&self) {
        self.is_armed.store(true, Ordering::SeqCst);
    }

    pub(super) fn appends(&self) -> usize {
        self.appends.load(Ordering::SeqCst)
    }

    /// Whether the app is to crash now; asked once for each crash.
    pub(super) fn has_crashed(&self) -> bool {
        self.has_crashed.swap(false, Ordering::SeqCst)
    }

    fn next(&self) -> Option<Fault> {
        if !self.is_armed.load(Ordering::SeqCst) {
            return None;
        }
        let at = self.appends.fetch_add(1, Ordering::SeqCst) + 1;
        let mut case = self.case.lock().unwrap_or_else(PoisonError::into_inner);
        let found = case.iter().position(|(when, _)| *when <= at)?;
        Some(case.remove(found).1)
    }

    fn crash(&self) {
        self.has_crashed.store(true, Ordering::SeqCst);
    }

    /// Whoever asks after the crash is gone and never hears anything.
    async fn is_alive(&self) {
        if self.has_crashed.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

/// A log whose appends go wrong.
#[derive(Debug)]
pub(super) struct Faulty {
    log: Arc<dyn EventStore>,
    faults: Arc<Faults>,
}

impl Faulty {
    pub(super) fn new(log: Arc<dyn EventStore>, faults: Arc<Faults>) -> Self {
        Self { log, faults }
    }
}

#[async_trait]
impl EventStore for Faulty {
    fn limits(&self) -> &Limits {
        self.log.limits()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.faults.is_alive().await;
        match self.faults.next() {
            None => self.log.append(append).await,
            Some(Fault::Fails) => Err(AppendError::Unavailable("the proof has it fail".into())),
            Some(Fault::Unknown) => {
                self.log.append(append).await?;
                Err(AppendError::Unknown("the proof has the answer lost".into()))
            }
            Some(Fault::CrashesBefore) => {
                self.faults.crash();
                std::future::pending().await
            }
            Some(Fault::CrashesAfter) => {
                self.log.append(append).await?;
                self.faults.crash();
                std::future::pending().await
            }
        }
    }

    async fn read_stream(&self, read: ReadStream) -> Result<Vec<Envelope>, ReadError> {
        self.log.read_stream(read).await
    }

    async fn read_all(&self, read: ReadAll) -> Result<Page, ReadError> {
        self.log.read_all(read).await
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.log.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.log.watch()
    }

    async fn outcome(&self, command: CommandId) -> Result<Option<Outcome>, ReadError> {
        self.log.outcome(command).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.log.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        self.log.load_snapshot(stream, fold).await
    }
}
