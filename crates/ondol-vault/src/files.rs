//! Files with secrets in them: written whole or not at all, readable by nobody else, wiped before
//! they go.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Read and written by its owner, and by nobody else.
pub(crate) const OWNER_ONLY: u32 = 0o600;

pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file whole: beside its place, synced, then moved there.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(OWNER_ONLY)
        .open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Where a file is written before it is moved to its place.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Overwrites a file where it stands, and removes it; so with what a crash has left beside it. One
/// that is not there is gone already.
pub(crate) fn wipe(path: &Path) -> io::Result<()> {
    wipe_one(&beside(path))?;
    wipe_one(path)
}

fn wipe_one(path: &Path) -> io::Result<()> {
    let file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    let mut writing = &file;
    writing.write_all(&vec![0; length])?;
    file.sync_all()?;
    fs::remove_file(path)?;
    sync_folder(path)
}

pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
