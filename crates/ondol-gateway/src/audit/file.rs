//! The file of an audit log: lines are added, and a full one is put aside.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::chain::Head;
use crate::body::wide;

/// Bytes of a file's end that are looked at for its last line. A line is never longer.
const END_BYTES: u64 = 8 * 1024 * 1024;

/// A file that is written.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// The number of its last line, and the hash of the chain there.
    pub(super) lines: u64,
    pub(super) head: Head,
}

impl LogFile {
    /// Opens a file, or makes it. A line that a crash has cut off is taken away.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = open(path)?;
        let mut last = last_line(&mut file)?;
        if last.is_none()
            && let Some(number) = put_aside(path)?.last()
            && let Ok(mut before) = File::open(aside(path, *number))
        {
            last = last_line_of(&mut before)?.0;
        }
        let bytes = file.metadata()?.len();
        let number = last.as_deref().and_then(|line| line.strip_prefix("{\"n\":"));
        let number = number.and_then(|rest| rest.split(',').next()?.parse().ok());
        let head = last.as_deref().and_then(Head::of).unwrap_or_else(Head::first);
        Ok(Self { path: path.to_owned(), file, bytes, lines: number.unwrap_or(0), head })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds lines. What did not get there whole is taken away again.
    pub(super) fn add(&mut self, lines: &[u8], sync: bool) -> io::Result<()> {
        let written = self.file.write_all(lines).and_then(|()| match sync {
            true => self.file.sync_data(),
            false => Ok(()),
        });
        match written {
            Ok(()) => {
                self.bytes += wide(lines.len());
                Ok(())
            }
            Err(error) => {
                self.file.set_len(self.bytes)?;
                Err(error)
            }
        }
    }

    /// Puts a full file aside and begins another.
    pub(super) fn turn(&mut self, bytes_max: u64, files_max: usize) -> io::Result<()> {
        if self.bytes < bytes_max {
            return Ok(());
        }
        self.file.sync_all()?;
        let mut numbers = put_aside(&self.path)?;
        let next = numbers.last().copied().unwrap_or(0) + 1;
        std::fs::rename(&self.path, aside(&self.path, next))?;
        self.file = open(&self.path)?;
        self.bytes = 0;
        numbers.push(next);
        let gone = numbers.len().saturating_sub(files_max);
        for number in &numbers[..gone] {
            std::fs::remove_file(aside(&self.path, *number))?;
        }
        sync_folder(&self.path)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
        tracing::debug!(%error, "the lock is not free");
        io::Error::new(io::ErrorKind::ResourceBusy, "another process writes this audit log")
    })?;
    sync_folder(path)?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn aside(path: &Path, number: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// The numbers of the files that were put aside, the oldest first.
fn put_aside(path: &Path) -> io::Result<Vec<u64>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder(path))? {
        let other = entry?.file_name();
        let number = other.to_str().and_then(|other| other.strip_prefix(name)?.strip_prefix('.'));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The last whole line; what follows it is taken away.
fn last_line(file: &mut File) -> io::Result<Option<String>> {
    let length = file.metadata()?.len();
    let (last, whole) = last_line_of(file)?;
    if whole < length {
        tracing::warn!(bytes = length - whole, "a line of the audit log was cut off");
        file.set_len(whole)?;
        file.sync_all()?;
    }
    Ok(last)
}

/// The last whole line, and where it ends.
fn last_line_of(file: &mut File) -> io::Result<(Option<String>, u64)> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(END_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(END_BYTES).read_to_end(&mut end)?;
    let Some(at) = memchr::memrchr(b'\n', &end) else { return Ok((None, from)) };
    let begin = memchr::memrchr(b'\n', &end[..at]).map_or(0, |before| before + 1);
    let line = String::from_utf8_lossy(&end[begin..at]).into_owned();
    Ok((Some(line), from + wide(at) + 1))
}
