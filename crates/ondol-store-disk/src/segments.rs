//! The segments of a log: which there are, and their files.
//!
//! Files are opened when they are needed, and so many are kept open; a log has more segments
//! than a process may have files.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use ondol_kernel::Position;

use crate::disk::{Disk, DiskFile};
use crate::format::{Manifest, segment_name};

/// One segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) first: Position,
    pub(crate) length: u32,
    pub(crate) path: PathBuf,
    file: RwLock<Option<Arc<dyn DiskFile>>>,
}

/// All segments, oldest first; each has its place by its number.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
    list: RwLock<Vec<Arc<Segment>>>,
    opened: Mutex<VecDeque<Arc<Segment>>>,
    open_files_max: usize,
}

impl Segment {
    pub(crate) fn new(folder: &Path, number: u32, first: Position, length: u32) -> Self {
        let path = folder.join(segment_name(first));
        Self { number, first, length, path, file: RwLock::new(None) }
    }
}

impl Segments {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        manifest: Manifest,
        segments: Vec<Arc<Segment>>,
        open_files_max: usize,
    ) -> Self {
        let list = RwLock::new(segments);
        Self { disk, folder, manifest, list, opened: Mutex::default(), open_files_max }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Segment>>> {
        self.list.read().expect("nobody panics while holding the segments")
    }

    /// Adds a segment that is in its place, with its file. One that was empty gives way.
    pub(crate) fn add(&self, segment: Segment, file: Arc<dyn DiskFile>) -> Arc<Segment> {
        let segment = Arc::new(segment);
        self.keep_open(&segment, file);
        let mut list = self.list.write().expect("nobody panics while holding the segments");
        list.truncate(segment.number as usize);
        list.push(Arc::clone(&segment));
        drop(list);
        segment
    }

    /// Adds a segment that someone else has put in its place.
    pub(crate) fn found(&self, segment: Arc<Segment>) {
        self.list.write().expect("nobody panics while holding the segments").push(segment);
    }

    /// The segment with this number, if there is one.
    pub(crate) fn get(&self, number: u32) -> Option<Arc<Segment>> {
        self.read().get(number as usize).cloned()
    }

    pub(crate) fn last(&self) -> Option<Arc<Segment>> {
        self.read().last().cloned()
    }

    /// A segment's file, opened if it is not open.
    pub(crate) fn file(&self, segment: &Arc<Segment>) -> io::Result<Arc<dyn DiskFile>> {
        let open = segment.file.read().expect("nobody panics while holding a file").clone();
        if let Some(file) = open {
            return Ok(file);
        }
        let file = self.disk.open(&segment.path)?;
        self.keep_open(segment, Arc::clone(&file));
        Ok(file)
    }

    fn keep_open(&self, segment: &Arc<Segment>, file: Arc<dyn DiskFile>) {
        *segment.file.write().expect("nobody panics while holding a file") = Some(file);
        let mut opened = self.opened.lock().expect("nobody panics while holding the files");
        opened.push_back(Arc::clone(segment));
        if opened.len() > self.open_files_max
            && let Some(oldest) = opened.pop_front()
            && !Arc::ptr_eq(&oldest, segment)
        {
            // Who reads it now holds the file; the next reader opens it again.
            *oldest.file.write().expect("nobody panics while holding a file") = None;
        }
    }
}
