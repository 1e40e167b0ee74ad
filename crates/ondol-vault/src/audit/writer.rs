//! The one who writes: a thread of its own, because a sync blocks.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use ondol_doors::Clock;
use rustix::fs::{FlockOperation, flock};
use tokio::sync::oneshot;

use super::anchor::{Anchor, Anchors};
use super::record::{Head, PAYLOAD_BYTES_MAX, follow, write};
use super::verify::follow_all;
use super::{AuditError, AuditOptions, AuditRecord};
use crate::files;

/// How many records are written together with one that was waited for.
const MORE_MAX: usize = 1_023;

/// The audit log, open for writing. Cheap to clone; the last one to go writes an anchor.
#[derive(Debug, Clone)]
pub struct AuditLog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sender: Option<SyncSender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

/// A record, and who waits until it holds.
struct Waiting {
    payload: Vec<u8>,
    done: oneshot::Sender<u64>,
}

impl AuditLog {
    /// Opens the log for writing. What is there is verified first, and a record that a crash cut
    /// off, of which nobody was told that it holds, is taken away.
    ///
    /// # Errors
    /// When another process holds it, or what is there is not what was written.
    pub fn open(options: &AuditOptions, clock: Arc<dyn Clock>) -> Result<Self, AuditError> {
        let (sender, waiting) = sync_channel(options.waiting_max);
        let mut writer = Writer::open(options, clock)?;
        let thread = std::thread::Builder::new().name("audit".to_owned());
        let thread = thread.spawn(move || writer.run(&waiting));
        let thread = thread.map_err(|source| AuditError::File { what: "a thread", source })?;
        let inner = Inner { sender: Some(sender), thread: Some(thread) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Writes a record, and says its number once it holds.
    ///
    /// # Errors
    /// When it does not hold: then whatever it is about is not to be done.
    pub async fn write(&self, record: &AuditRecord) -> Result<u64, AuditError> {
        let payload = serde_json::to_vec(record)
            .map_err(|source| AuditError::File { what: "a record", source: source.into() })?;
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(AuditError::TooLong { found: payload.len() });
        }
        let (done, held) = oneshot::channel();
        let sender = self.inner.sender.as_ref().ok_or(AuditError::Stopped)?;
        match sender.try_send(Waiting { payload, done }) {
            Ok(()) => held.await.map_err(|_dropped| AuditError::Stopped),
            Err(TrySendError::Full(_)) => Err(AuditError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(AuditError::Stopped),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.sender.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer of the audit log has panicked");
        }
    }
}

struct Writer {
    file: File,
    anchors: Anchors,
    anchor_every: u64,
    clock: Arc<dyn Clock>,
    length: u64,
    head: Head,
}

impl Writer {
    fn open(options: &AuditOptions, clock: Arc<dyn Clock>) -> Result<Self, AuditError> {
        let failed = |what| move |source| AuditError::File { what, source };
        let file = open(&options.file).map_err(failed("the audit log"))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(AuditError::Held { file: options.file.clone() });
        }
        let anchored = Anchor::read(&options.anchors).map_err(failed("the anchors"))?;
        let length = file.metadata().map_err(failed("the audit log"))?.len();
        let verified = follow_all(BufReader::new(&file), length, &anchored);
        let verified = verified.map_err(AuditError::Broken)?;
        if verified.torn_bytes > 0 {
            tracing::warn!(bytes = verified.torn_bytes, "a record that was cut off is taken away");
            file.set_len(verified.bytes).map_err(failed("the audit log"))?;
            file.sync_all().map_err(failed("the audit log"))?;
        }
        let anchors = Anchors::open(&options.anchors).map_err(failed("the anchors"))?;
        let (length, head) = (verified.records, verified.head);
        let anchor_every = options.anchor_every.max(1);
        let mut writer = Self { file, anchors, anchor_every, clock, length, head };
        // A crash may have come between a record and its anchor.
        writer.anchor_when_due(1).map_err(failed("the anchors"))?;
        Ok(writer)
    }

    fn run(&mut self, waiting: &Receiver<Waiting>) {
        let mut frames = Vec::new();
        while let Ok(first) = waiting.recv() {
            let mut done = Vec::new();
            frames.clear();
            let rest = std::iter::from_fn(|| waiting.try_recv().ok());
            for Waiting { payload, done: told } in std::iter::once(first).chain(rest.take(MORE_MAX))
            {
                self.length += 1;
                self.head = follow(&self.head, self.length, &payload);
                write(&mut frames, &payload, &self.head);
                done.push((told, self.length));
            }
            let written = self.file.write_all(&frames).and_then(|()| self.file.sync_data());
            if let Err(error) = written {
                // Whether what was written holds is not known, so nothing is added to it.
                tracing::error!(%error, "the audit log has stopped");
                return;
            }
            for (told, number) in done {
                if told.send(number).is_err() {
                    tracing::debug!(number, "whoever wrote a record has not waited for it");
                }
            }
            if let Err(error) = self.anchor_when_due(self.anchor_every) {
                tracing::error!(%error, "an anchor of the audit log could not be written");
            }
        }
        if let Err(error) = self.anchor_when_due(1) {
            tracing::error!(%error, "the last anchor of the audit log could not be written");
        }
    }

    fn anchor_when_due(&mut self, every: u64) -> std::io::Result<()> {
        if self.length.saturating_sub(self.anchors.last) < every {
            return Ok(());
        }
        self.anchors.add(&Anchor::at(self.length, &self.head, self.clock.now()))
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(files::OWNER_ONLY);
    let file = options.open(path)?;
    files::sync_folder(path)?;
    Ok(file)
}
