//! A disk on which a test has a say: at every write and sync of the log, and wherever a file is
//! made.

use std::any::Any;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use ondol_store_disk::{Disk, DiskFile, SimDisk};

/// What is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment<'a> {
    /// A file is made.
    Create(&'a Path),
    /// The thread that writes writes to a segment.
    Write,
    /// The thread that writes syncs a segment.
    Sync,
}

/// What a test says to a moment.
pub(crate) type Say = Arc<dyn Fn(Moment<'_>) -> io::Result<()> + Send + Sync>;

/// The disk.
#[derive(Clone)]
pub(crate) struct Hooked {
    pub(crate) disk: SimDisk,
    say: Say,
}

struct HookedFile {
    file: Arc<dyn DiskFile>,
    say: Say,
}

impl Hooked {
    pub(crate) fn new(say: impl Fn(Moment<'_>) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self { disk: SimDisk::new(), say: Arc::new(say) }
    }

    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(HookedFile { file, say: Arc::clone(&self.say) })
    }
}

impl Disk for Hooked {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        (self.say)(Moment::Create(path))?;
        self.disk.create(path).map(|file| self.file(file))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(path).map(|file| self.file(file))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.create_folder(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.sync_folder(folder)
    }

    fn lock(&self, path: &Path, note: &str) -> io::Result<Box<dyn Any + Send + Sync>> {
        self.disk.lock(path, note)
    }
}

impl HookedFile {
    fn say_to_writer(&self, moment: Moment<'_>) -> io::Result<()> {
        let is_writer = std::thread::current().name() == Some("log writer");
        if is_writer { (self.say)(moment) } else { Ok(()) }
    }
}

impl DiskFile for HookedFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(into, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.say_to_writer(Moment::Write)?;
        self.file.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.say_to_writer(Moment::Sync)?;
        self.file.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.file.allocate(length)
    }

    fn drop_cache(&self) {
        self.file.drop_cache();
    }
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooked").field("disk", &self.disk).finish_non_exhaustive()
    }
}

impl fmt::Debug for HookedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookedFile").field("file", &self.file).finish_non_exhaustive()
    }
}
