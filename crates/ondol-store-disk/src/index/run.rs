//! A run: a sorted part of the index on the disk, for a range of positions.
//!
//! A run is a file of blocks of 4 KiB, then what is kept of it in memory: the first key of each
//! block, a filter, and marks; then a trailer. A block has a directory of its entries, so one
//! reading and a binary search find a key. It is written once and never changed.

mod block;
mod builder;
mod trailer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ondol_kernel::Position;

pub(crate) use self::block::{BLOCK, Block, BlockWriter};
pub(crate) use self::builder::RunBuilder;
use self::trailer::Trailer;
use super::filter::Filter;
use super::{End, Mark, Posting};
use crate::disk::{Disk, DiskFile, read_exact_at};
use crate::format::Manifest;
use crate::key::Key;

/// The first entry of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fence {
    key: Key,
    number: u64,
}

/// A sorted part of the index.
#[derive(Debug)]
pub(crate) struct Run {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    salt: u32,
    /// It holds what is after this position …
    pub(crate) after: Position,
    /// … and up to this one.
    pub(crate) end: End,
    /// How often its parts were merged.
    pub(crate) level: u32,
    pub(crate) keys: u64,
    fences: Vec<Fence>,
    filter: Filter,
    marks: Vec<Mark>,
    /// Whether a larger run has taken its place: the file goes when nobody reads it any more.
    is_replaced: AtomicBool,
}

/// The name of the run that holds what is after one position and up to another.
fn run_name(after: Position, upto: Position) -> String {
    format!("run-{:020}-{:020}.idx", after.get(), upto.get())
}

/// The positions in a run's name; nothing if it is not the name of one.
pub(crate) fn run_of(name: &str) -> Option<(Position, Position)> {
    let (after, upto) = name.strip_prefix("run-")?.strip_suffix(".idx")?.split_once('-')?;
    Some((Position::new(after.parse().ok()?), Position::new(upto.parse().ok()?)))
}

impl Run {
    /// Opens a run; nothing if the file is not a whole run of this log.
    pub(crate) fn open(
        disk: &Arc<dyn Disk>,
        path: PathBuf,
        manifest: &Manifest,
    ) -> io::Result<Option<Self>> {
        let file = disk.open(&path)?;
        let Some(trailer) = Trailer::read(file.as_ref(), manifest)? else { return Ok(None) };
        let Some((fences, filter, marks)) = trailer.read_kept(file.as_ref())? else {
            return Ok(None);
        };
        Ok(Some(Self {
            disk: Arc::clone(disk),
            path,
            file,
            salt: manifest.salt(),
            after: trailer.after,
            end: trailer.end,
            level: trailer.level,
            keys: trailer.keys,
            fences,
            filter,
            marks,
            is_replaced: AtomicBool::new(false),
        }))
    }

    /// The file goes when the last reader has let go of it.
    pub(crate) fn set_replaced(&self) {
        self.is_replaced.store(true, Ordering::Relaxed);
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(crate) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    pub(crate) fn blocks(&self) -> usize {
        self.fences.len()
    }

    /// Reads some blocks that are side by side.
    pub(crate) fn read_blocks(&self, from: usize, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count * BLOCK];
        read_exact_at(self.file.as_ref(), &mut bytes, (from * BLOCK) as u64)?;
        Ok(bytes)
    }

    /// A block, once it is found to fit its checksum.
    pub(crate) fn block<'a>(&self, bytes: &'a [u8]) -> io::Result<Block<'a>> {
        Block::read(bytes, self.salt).map_err(|malformed| {
            let path = self.path.display();
            io::Error::new(io::ErrorKind::InvalidData, format!("the index file {path} {malformed}"))
        })
    }

    /// The last block that may begin at or before an entry.
    fn block_for(&self, key: Key, number: u64) -> usize {
        let fence = Fence { key, number };
        self.fences.partition_point(|first| *first <= fence).saturating_sub(1)
    }

    pub(crate) fn forward(
        &self,
        key: Key,
        from: u64,
        most: usize,
        found: &mut Vec<Posting>,
    ) -> io::Result<()> {
        if !self.filter.may_have(key) {
            return Ok(());
        }
        for at in self.block_for(key, from)..self.blocks() {
            if self.fences[at].key > key || found.len() >= most {
                break;
            }
            let bytes = self.read_blocks(at, 1)?;
            let block = self.block(&bytes)?;
            for entry in block.entries_of(key) {
                for posting in entry.postings() {
                    if posting.number <= from {
                        found.clear();
                    }
                    if found.len() < most {
                        found.push(posting);
                    }
                }
            }
        }
        Ok(())
    }

    pub(crate) fn backward(
        &self,
        key: Key,
        upto: u64,
        limit: usize,
        found: &mut Vec<Posting>,
    ) -> io::Result<()> {
        if !self.filter.may_have(key) || self.fences.is_empty() {
            return Ok(());
        }
        let mut at = self.block_for(key, upto);
        loop {
            let bytes = self.read_blocks(at, 1)?;
            let block = self.block(&bytes)?;
            let here: Vec<Posting> =
                block.entries_of(key).flat_map(block::Entry::postings).collect();
            let older = here.into_iter().rev().filter(|posting| posting.number <= upto);
            found.extend(older.take(limit.saturating_sub(found.len())));
            // Only a block that begins with the key may have more of it before.
            if at == 0 || found.len() >= limit || self.fences[at].key < key {
                return Ok(());
            }
            at -= 1;
        }
    }

    /// The last mark at or before a position.
    pub(crate) fn mark(&self, position: Position) -> Mark {
        let at = self.marks.partition_point(|mark| mark.position <= position);
        self.marks[at.saturating_sub(1)]
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.is_replaced.load(Ordering::Relaxed)
            && let Err(error) = self.disk.remove(&self.path)
        {
            // The next opening removes it: a larger run holds the same.
            tracing::debug!(path = %self.path.display(), %error, "an index file stays for now");
        }
    }
}
