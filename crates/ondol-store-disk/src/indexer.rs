//! The thread beside the writer that keeps the index small in memory: it writes frozen tables as
//! runs, merges runs, and makes checkpoints of the heads.
//!
//! Nothing it does is on the way of an append. When the disk has no room for it, it tries again;
//! only when the table in memory is far too full are appends refused.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ondol_kernel::Position;

use crate::disk::Disk;
use crate::format::Manifest;
use crate::heads::{CheckpointWriter, Heads, checkpoint_of};
use crate::index::{Index, MERGED_AT_ONCE, Mark, MemoryTable, Run, RunBuilder, merge};
use crate::progress::Progress;

/// How long it waits before it tries again what has failed.
const RETRY: Duration = Duration::from_secs(1);

/// How long a merge rests, every so often, while appends are made.
const REST: Duration = Duration::from_micros(250);

/// What the thread works on.
#[derive(Debug)]
pub(crate) struct Indexer {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) index: Arc<Index>,
    pub(crate) heads: Arc<Heads>,
    pub(crate) progress: Arc<Progress>,
    /// A checkpoint is due when the log has grown by so many events, or by half the streams.
    pub(crate) checkpoint_every: u64,
    /// The position of the last checkpoint.
    pub(crate) checkpoint: Position,
    /// The log is closing: what takes long is left for the next time.
    pub(crate) is_closing: Arc<AtomicBool>,
}

/// Writes a table as a run.
pub(crate) fn write_run(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    manifest: Manifest,
    table: &MemoryTable,
) -> io::Result<Run> {
    let (start, end) = (table.start(), table.end());
    let mut builder = RunBuilder::begin(disk, folder, manifest, start.position, table.keys())?;
    for (key, posting) in table.sorted() {
        builder.add(key, posting)?;
    }
    let first = Mark { position: start.position.next(), address: start.address };
    let marks = std::iter::once(first).chain(table.marks().iter().copied()).collect();
    builder.finish(marks, end, 0)
}

impl Indexer {
    /// Works until the index is closed, then writes what is still in memory.
    pub(crate) fn run(mut self) {
        while self.index.wait_for_work(Some(RETRY)) {
            self.work_or_report();
        }
        if !self.progress_has_failed() {
            // What is frozen already goes first.
            self.work_or_report();
            self.index.freeze();
            self.work_or_report();
        }
    }

    /// A log that has stopped after a failure is left as it is.
    fn progress_has_failed(&self) -> bool {
        !self.progress.is_settled()
    }

    fn work_or_report(&mut self) {
        if let Err(error) = self.work() {
            tracing::warn!(%error, "the index stays in memory for now");
            self.index.failed(Arc::new(error));
        }
    }

    fn work(&mut self) -> io::Result<()> {
        self.write_frozen()?;
        if !self.is_closing() {
            self.merge_runs()?;
            self.make_checkpoint()?;
        }
        Ok(())
    }

    fn write_frozen(&self) -> io::Result<()> {
        if let Some(frozen) = self.index.frozen() {
            let run = write_run(&self.disk, &self.folder, self.manifest, &frozen)?;
            drop(frozen);
            self.index.thaw(Arc::new(run));
        }
        Ok(())
    }

    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    fn merge_runs(&self) -> io::Result<()> {
        while let Some(runs) = mergeable(&self.index.runs()) {
            let durable = Cell::new(self.progress.durable().position);
            // Appends may wait for a frozen table, never for a merge; and while there are any, a
            // large merge is spread out, so that nobody notices when it is made.
            let goes_on = || {
                self.write_frozen()?;
                let before = durable.replace(self.progress.durable().position);
                if durable.get() > before {
                    self.index.rest(REST);
                }
                Ok(!self.is_closing())
            };
            let merged = merge(&self.disk, &self.folder, self.manifest, &runs, goes_on)?;
            let Some(merged) = merged else { return Ok(()) };
            self.index.replace(&runs, Arc::new(merged));
            runs.iter().for_each(|run| run.set_replaced());
        }
        Ok(())
    }

    fn make_checkpoint(&mut self) -> io::Result<()> {
        let durable = self.progress.durable().position;
        let grown = durable.get() - self.checkpoint.get();
        if grown < self.checkpoint_every.max(self.heads.len() as u64 / 2) {
            return Ok(());
        }
        let times_taken_back = self.progress.times_taken_back();
        let disk = self.disk.as_ref();
        let mut writer = CheckpointWriter::begin(disk, &self.folder, self.manifest, durable)?;
        writer.write(&self.heads)?;
        let is_durable = self.progress.wait_for_all();
        if !is_durable || self.progress.times_taken_back() != times_taken_back {
            return writer.give_up(disk);
        }
        writer.keep(disk)?;
        self.checkpoint = durable;
        for name in disk.list(&self.folder)? {
            if checkpoint_of(&name).is_some_and(|position| position < durable) {
                disk.remove(&self.folder.join(name))?;
            }
        }
        Ok(())
    }
}

/// The oldest runs, side by side, of which there are enough of one level.
fn mergeable(runs: &[Arc<Run>]) -> Option<Vec<Arc<Run>>> {
    let mut groups = runs.chunk_by(|a, b| a.level == b.level);
    let enough = groups.find(|group| group.len() >= MERGED_AT_ONCE)?;
    Some(enough[..MERGED_AT_ONCE].to_vec())
}
