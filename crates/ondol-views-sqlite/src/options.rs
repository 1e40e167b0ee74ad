//! How the file is opened.

use std::path::PathBuf;

use ondol_views::Limits;
use serde::{Deserialize, Serialize};

/// How the file is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The file. Its folder must be there.
    pub path: PathBuf,
    /// How many reads are made at the same time at most.
    pub readers_max: usize,
    /// How many writes may wait for the writer.
    pub queue_max: usize,
    /// Bytes of pages that the writer keeps in memory.
    pub writer_cache_bytes: usize,
    /// Bytes of pages that each reader keeps in memory.
    pub reader_cache_bytes: usize,
    /// Pages that the write-ahead log may grow to before it is carried over into the file; eight
    /// times as many, before the one who writes waits for that.
    pub wal_pages: u32,
    /// Milliseconds to wait for another process that writes to the same file.
    pub busy_timeout_ms: u64,
    /// What the store takes at most.
    pub limits: Limits,
}

/// Why the options cannot be used: every problem there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of the views' file cannot be used: {}", .problems.join("; "))]
pub struct OptionsError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            readers_max: 4,
            queue_max: 64,
            writer_cache_bytes: 64 << 20,
            reader_cache_bytes: 8 << 20,
            wal_pages: 4_000,
            busy_timeout_ms: 5_000,
            limits: Limits::default(),
        }
    }
}

impl Options {
    /// The usual options for a file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let rules = [
            (self.path.as_os_str().is_empty(), "path names no file"),
            (!(1..=64).contains(&self.readers_max), "readers_max is not between 1 and 64"),
            (!(1..=4_096).contains(&self.queue_max), "queue_max is not between 1 and 4096"),
            (self.writer_cache_bytes < 1 << 20, "writer_cache_bytes is under 1 MiB"),
            (self.reader_cache_bytes < 1 << 18, "reader_cache_bytes is under 256 KiB"),
            (!(100..=1_000_000).contains(&self.wal_pages), "wal_pages is not in 100 to 1000000"),
        ];
        let problems: Vec<String> = rules
            .iter()
            .filter(|(is_broken, _)| *is_broken)
            .map(|(_, rule)| (*rule).to_owned())
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(OptionsError { problems }) }
    }
}
