//! A disk that is only looked at: whatever would change it is refused.

use std::any::Any;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use super::{Disk, DiskFile};

/// Another disk, without the ways to change it.
#[derive(Debug, Clone)]
pub(crate) struct Looking(pub(crate) Arc<dyn Disk>);

fn refuse<T>() -> io::Result<T> {
    Err(io::Error::new(ErrorKind::ReadOnlyFilesystem, "the log is only looked at"))
}

impl Disk for Looking {
    fn create(&self, _: &Path) -> io::Result<Arc<dyn DiskFile>> {
        refuse()
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(LookingFile(self.0.open_to_read(path)?)))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.0.list(folder)
    }

    fn create_folder(&self, _: &Path) -> io::Result<()> {
        refuse()
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        refuse()
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        refuse()
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        refuse()
    }

    fn lock(&self, _: &Path, _: &str) -> io::Result<Box<dyn Any + Send + Sync>> {
        refuse()
    }
}

/// A file that is only read.
#[derive(Debug)]
struct LookingFile(Arc<dyn DiskFile>);

impl DiskFile for LookingFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(into, offset)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<usize> {
        refuse()
    }

    /// What was written by whoever writes is made durable: that changes nothing that is read.
    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn set_length(&self, _: u64) -> io::Result<()> {
        refuse()
    }

    fn allocate(&self, _: u64) -> io::Result<()> {
        refuse()
    }

    fn drop_cache(&self) {}
}
