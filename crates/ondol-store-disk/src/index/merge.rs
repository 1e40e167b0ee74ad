//! Merging runs that are side by side into one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Posting, Run, RunBuilder};
use crate::disk::Disk;
use crate::format::Manifest;
use crate::key::Key;

/// How many runs of one level become one of the next.
pub(crate) const MERGED_AT_ONCE: usize = 4;
/// After so many postings it is asked whether a merge goes on.
const ASKED_EVERY: u64 = 1 << 12;
/// How many blocks of each run are read at a time.
const BLOCKS_AT_ONCE: usize = 64;

/// Goes through a run's postings in order.
#[derive(Debug)]
struct Reading<'a> {
    run: &'a Run,
    next_block: usize,
    postings: std::vec::IntoIter<(Key, Posting)>,
    current: Option<(Key, Posting)>,
}

impl<'a> Reading<'a> {
    fn begin(run: &'a Run) -> io::Result<Self> {
        let postings = Vec::new().into_iter();
        let mut reading = Self { run, next_block: 0, postings, current: None };
        reading.advance()?;
        Ok(reading)
    }

    fn advance(&mut self) -> io::Result<()> {
        self.current = self.postings.next();
        while self.current.is_none() && self.next_block < self.run.blocks() {
            let count = BLOCKS_AT_ONCE.min(self.run.blocks() - self.next_block);
            let bytes = self.run.read_blocks(self.next_block, count)?;
            let mut postings = Vec::new();
            for block in bytes.chunks_exact(super::run::BLOCK) {
                for entry in self.run.block(block)?.entries() {
                    postings.extend(entry.postings().map(|posting| (entry.key, posting)));
                }
            }
            self.next_block += count;
            self.postings = postings.into_iter();
            self.current = self.postings.next();
        }
        Ok(())
    }
}

/// Merges runs, oldest first and side by side, into one. `goes_on` is asked now and then, and may
/// do meanwhile what cannot wait.
pub(crate) fn merge(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    manifest: Manifest,
    runs: &[Arc<Run>],
    goes_on: impl Fn() -> io::Result<bool>,
) -> io::Result<Option<Run>> {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(None) };
    let keys_max = runs.iter().map(|run| run.keys).sum();
    let mut builder = RunBuilder::begin(disk, folder, manifest, first.after, keys_max)?;
    let mut readings =
        runs.iter().map(|run| Reading::begin(run)).collect::<io::Result<Vec<_>>>()?;
    let (mut added, mut asked_at) = (0u64, ASKED_EVERY);
    // Of runs that are at the same key the oldest comes first: its numbers are the lower ones.
    while let Some(next) = readings
        .iter_mut()
        .filter(|reading| reading.current.is_some())
        .min_by_key(|reading| reading.current.map(|(key, _)| key))
    {
        let at = next.current.map(|(key, _)| key);
        while let Some((key, posting)) = next.current.filter(|(key, _)| Some(*key) == at) {
            builder.add(key, posting)?;
            next.advance()?;
            added += 1;
        }
        if added >= asked_at {
            asked_at = added + ASKED_EVERY;
            if !goes_on()? {
                return Ok(None);
            }
        }
    }
    let marks = runs.iter().flat_map(|run| run.marks().iter().copied()).collect();
    let level = runs.iter().map(|run| run.level).max().unwrap_or(0) + 1;
    builder.finish(marks, last.end, level).map(Some)
}
