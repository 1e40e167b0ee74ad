//! The door through which files come in: what the log asks of a disk, and nothing more.
//!
//! [`RealDisk`] is the machine's file system. [`SimDisk`] is a disk in memory that loses what
//! was not synced when its power is cut, and fails the call it is told to fail: what the log
//! promises about crashes is proved on it, and on real disks where the machine allows.

mod looking;
mod real;
mod sim;

use std::any::Any;
use std::fmt::Debug;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

pub(crate) use looking::Looking;
pub use real::RealDisk;
pub use sim::{Fault, SimDisk};

/// A file system, as far as the log needs one.
pub trait Disk: Debug + Send + Sync + 'static {
    /// Makes a file, empty; one of that name is emptied.
    ///
    /// # Errors
    /// When the disk fails.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file that is there, for reading and writing.
    ///
    /// # Errors
    /// When it is not there, or the disk fails.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file that is there, for reading only.
    ///
    /// # Errors
    /// When it is not there, or the disk fails.
    fn open_to_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path)
    }

    /// The names of the files in a folder, in order.
    ///
    /// # Errors
    /// When the folder is not there, or the disk fails.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes a folder and those above it, unless they are there.
    ///
    /// # Errors
    /// When the disk fails.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Gives a file another name; a file that has that name is gone.
    ///
    /// # Errors
    /// When the disk fails.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// When it is not there, or the disk fails.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// When the disk fails.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Locks a file, and writes a note into it, until the answer is dropped or the process ends.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] when someone else holds it.
    fn lock(&self, path: &Path, note: &str) -> io::Result<Box<dyn Any + Send + Sync>>;
}

/// A file that is open.
pub trait DiskFile: Debug + Send + Sync + 'static {
    /// Reads at an offset; answers how much it read, nothing at the end.
    ///
    /// # Errors
    /// When the disk fails.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes at an offset; answers how much it wrote.
    ///
    /// # Errors
    /// When the disk fails or is full.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes the bytes written so far, and the length, durable.
    ///
    /// # Errors
    /// When the disk fails. What was written since the last sync may be lost then.
    fn sync_data(&self) -> io::Result<()>;

    /// How long the file is.
    ///
    /// # Errors
    /// When the disk fails.
    fn length(&self) -> io::Result<u64>;

    /// Makes the file so long; what is new is zeros.
    ///
    /// # Errors
    /// When the disk fails.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Makes the file at least so long and keeps room for it, so that writing into it does not
    /// fail for want of room.
    ///
    /// # Errors
    /// When the disk is full or fails.
    fn allocate(&self, length: u64) -> io::Result<()>;

    /// Says that the file will not be read soon. A wish, not a promise.
    fn drop_cache(&self);
}

/// Reads exactly so many bytes.
pub(crate) fn read_exact_at(file: &dyn DiskFile, into: &mut [u8], offset: u64) -> io::Result<()> {
    let read = read_up_to(file, into, offset)?;
    if read < into.len() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Reads as many bytes as there are, at most so many.
pub(crate) fn read_up_to(file: &dyn DiskFile, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match file.read_at(&mut into[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Writes all the bytes.
pub(crate) fn write_all_at(file: &dyn DiskFile, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match file.write_at(&bytes[done..], offset + done as u64) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => done += written,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes zeros over a part of a file.
pub(crate) fn write_zeros(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    let mut at = from;
    while at < to {
        let length = usize::try_from(to - at).map_or(ZEROS.len(), |rest| rest.min(ZEROS.len()));
        write_all_at(file, &ZEROS[..length], at)?;
        at += length as u64;
    }
    Ok(())
}

/// Writes a small file whole or not at all: beside its place first, then over it.
pub(crate) fn replace_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let file = disk.create(&beside)?;
    write_all_at(file.as_ref(), bytes, 0)?;
    file.sync_data()?;
    disk.rename(&beside, path)?;
    disk.sync_folder(path.parent().unwrap_or_else(|| Path::new("/")))
}

/// The whole of a small file; nothing when it is not there.
pub(crate) fn read_file(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(file.length()?).map_err(|_too_long| ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length];
    read_exact_at(file.as_ref(), &mut bytes, 0)?;
    Ok(Some(bytes))
}
