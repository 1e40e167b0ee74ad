//! How the file is opened.

use std::path::PathBuf;

use ondol_timers::Limits;

/// How the file is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file. Its folder must be there.
    pub path: PathBuf,
    /// Bytes of pages that are kept in memory.
    pub cache_bytes: usize,
    /// Milliseconds to wait for another process that writes to the same file.
    pub busy_timeout_ms: u64,
    /// What the store takes at most.
    pub limits: Limits,
}

/// Why the options cannot be used: every problem there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of the timers' file cannot be used: {}", .problems.join("; "))]
pub struct OptionsError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Options {
    /// The usual options for a file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            cache_bytes: 16 << 20,
            busy_timeout_ms: 5_000,
            limits: Limits::default(),
        }
    }

    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let rules = [
            (self.path.as_os_str().is_empty(), "path names no file"),
            (self.cache_bytes < 1 << 18, "cache_bytes is under 256 KiB"),
            (self.limits.orders_per_write_max == 0, "orders_per_write_max is zero"),
            (self.limits.page_timers_max == 0, "page_timers_max is zero"),
        ];
        let broken = rules.iter().filter(|(is_broken, _)| *is_broken);
        let problems: Vec<String> = broken.map(|(_, rule)| (*rule).to_owned()).collect();
        if problems.is_empty() { Ok(()) } else { Err(OptionsError { problems }) }
    }
}
