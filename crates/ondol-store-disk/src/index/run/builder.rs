//! Writes a run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ondol_kernel::Position;

use super::trailer::Trailer;
use super::{BLOCK, BlockWriter, End, Fence, Filter, Mark, Posting, Run, run_name};
use crate::disk::{Disk, DiskFile, write_all_at};
use crate::format::Manifest;
use crate::index::run::block::FullBlock;
use crate::key::Key;

/// Blocks are written this many bytes at a time.
const WRITTEN_AT_ONCE: usize = 1 << 20;

/// A run that is being written, beside the place it will have.
#[derive(Debug)]
pub(crate) struct RunBuilder {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    manifest: Manifest,
    beside: PathBuf,
    file: Arc<dyn DiskFile>,
    writer: BlockWriter,
    pending: Vec<u8>,
    written: u64,
    after: Position,
    fences: Vec<Fence>,
    filter: Filter,
    last_key: Option<Key>,
    keys: u64,
}

impl RunBuilder {
    /// Begins a run of what is after a position, of at most so many keys.
    pub(crate) fn begin(
        disk: &Arc<dyn Disk>,
        folder: &Path,
        manifest: Manifest,
        after: Position,
        keys_max: u64,
    ) -> io::Result<Self> {
        let beside = folder.join(format!("run-{:020}.new", after.get()));
        let file = disk.create(&beside)?;
        Ok(Self {
            disk: Arc::clone(disk),
            folder: folder.to_owned(),
            manifest,
            beside,
            file,
            writer: BlockWriter::default(),
            pending: Vec::with_capacity(WRITTEN_AT_ONCE + BLOCK),
            written: 0,
            after,
            fences: Vec::new(),
            filter: Filter::for_keys(keys_max),
            last_key: None,
            keys: 0,
        })
    }

    /// Adds a posting; they come by key and number.
    pub(crate) fn add(&mut self, key: Key, posting: Posting) -> io::Result<()> {
        if self.last_key != Some(key) {
            self.filter.add(key);
            self.keys += 1;
            self.last_key = Some(key);
        }
        match self.writer.add(key, posting, self.manifest.salt()) {
            Some(block) => self.write(&block),
            None => Ok(()),
        }
    }

    fn write(&mut self, block: &FullBlock) -> io::Result<()> {
        self.fences.push(Fence { key: block.key, number: block.number });
        self.pending.extend_from_slice(block.bytes.as_slice());
        if self.pending.len() >= WRITTEN_AT_ONCE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        write_all_at(self.file.as_ref(), &self.pending, self.written)?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Ends the run, makes it durable and puts it in its place.
    pub(crate) fn finish(mut self, marks: Vec<Mark>, end: End, level: u32) -> io::Result<Run> {
        if let Some(block) = self.writer.finish(self.manifest.salt()) {
            self.write(&block)?;
        }
        let kept = Trailer::encode_kept(&self.fences, &self.filter, &marks);
        let trailer = Trailer {
            after: self.after,
            end,
            level,
            keys: self.keys,
            blocks: self.fences.len() as u64,
            marks: marks.len() as u64,
            kept_length: kept.len() as u64,
            kept_sum: crc32c::crc32c(&kept),
        };
        self.pending.extend_from_slice(&kept);
        self.pending.extend_from_slice(&trailer.encode(&self.manifest));
        self.flush()?;
        self.file.sync_data()?;
        let path = self.folder.join(run_name(self.after, end.position));
        self.disk.rename(&self.beside, &path)?;
        self.disk.sync_folder(&self.folder)?;
        Ok(Run {
            disk: self.disk,
            path,
            file: self.file,
            salt: self.manifest.salt(),
            after: self.after,
            end,
            level,
            keys: self.keys,
            fences: self.fences,
            filter: self.filter,
            marks,
            is_replaced: AtomicBool::new(false),
        })
    }
}
