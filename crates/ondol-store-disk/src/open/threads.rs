//! Starting a log's threads once it is known how it stands.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{Builder, JoinHandle};

use ondol_store::{Head, ReadAhead};
use tokio::sync::watch;

use super::{Opening, SNAPSHOT_FOLDER, disk_failed};
use crate::error::{OpenError, WhyStopped};
use crate::index::End;
use crate::indexer::Indexer;
use crate::progress::Progress;
use crate::queue::Queue;
use crate::reader::Reader;
use crate::reading::Hints;
use crate::snapshots::Snapshots;
use crate::store::{DiskStore, Shared};
use crate::writer::{Spares, TailSegment, Writer};

/// Starts the writer, the indexer and the helper that keeps segments ready.
pub(super) fn start(
    opening: Opening<'_>,
    end: End,
    lock: Box<dyn std::any::Any + Send + Sync>,
) -> Result<DiskStore, OpenError> {
    let Opening { disk, options, index_folder, segments, keys, heads, index, checkpoint } = opening;
    let failed = disk_failed(&options.folder);
    let manifest = segments.manifest;
    let head = Head { epoch: manifest.epoch, position: end.position };
    let (head_tx, head_rx) = watch::channel(head);
    let snapshots = Snapshots::open(
        Arc::clone(disk),
        &options.folder.join(SNAPSHOT_FOLDER),
        &manifest,
        options.snapshots_bytes_max,
    )
    .map_err(&failed)?;
    let shared = Arc::new(Shared {
        limits: options.limits,
        keys,
        queue: Queue::new(options.appends_waiting_max as usize, options.bytes_waiting_max as usize),
        reader: Reader::new(Arc::clone(&segments), options.bugs()),
        heads: Arc::new(heads),
        index: Arc::new(index),
        progress: Arc::new(Progress::new(end)),
        hints: Hints::default(),
        ahead: ReadAhead::default(),
        snapshots,
        head: head_rx,
        bugs: options.bugs(),
        segments: Arc::clone(&segments),
    });
    let spares = Spares::new(Arc::clone(&segments), options.segment_bytes, options.prewrite);
    let spares = Arc::new(spares);
    let last = segments.last().ok_or_else(|| failed(ErrorKind::NotFound.into()))?;
    let tail = TailSegment::new(&segments, last, end.address.offset(), Arc::clone(&spares));
    let writer =
        Writer { shared: Arc::clone(&shared), tail: tail.map_err(&failed)?, head: head_tx };
    let is_closing = Arc::new(AtomicBool::new(false));
    let indexer = Indexer {
        disk: Arc::clone(disk),
        folder: index_folder,
        manifest,
        index: Arc::clone(&shared.index),
        heads: Arc::clone(&shared.heads),
        progress: Arc::clone(&shared.progress),
        checkpoint_every: options.index_entries_max.into(),
        checkpoint,
        is_closing: Arc::clone(&is_closing),
    };
    let helper = move || {
        spares.keep_ready();
        if let Err(error) = spares.remove() {
            tracing::debug!(%error, "a spare file stays until the log is opened again");
        }
    };
    let mut store = DiskStore { shared, threads: Vec::new(), is_closing, lock: Some(lock) };
    let watched = Arc::clone(&store.shared);
    let write = move || watch(&watched, "the thread that writes has panicked", || writer.run());
    store.threads.push(thread("log writer", write).map_err(&failed)?);
    let watched = Arc::clone(&store.shared);
    let index = move || watch(&watched, "the thread of the index has panicked", || indexer.run());
    store.threads.push(thread("log index", index).map_err(&failed)?);
    store.threads.push(thread("log segments", helper).map_err(&failed)?);
    Ok(store)
}

/// Does a thread's work. When that panics the log stops: whoever waits for the thread would wait
/// for ever.
fn watch(shared: &Shared, what: &'static str, work: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
        shared.stop(&WhyStopped::panicked(what));
        resume_unwind(panic);
    }
}

pub(super) fn thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(work)
}
