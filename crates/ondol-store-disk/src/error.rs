//! Why a log cannot be opened, and why one has stopped.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ondol_kernel::Position;

use crate::format::FORMAT_VERSION;

/// Why a log was not opened, checked or mended. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The options cannot be used.
    #[error("the options of the log cannot be used: {}", .problems.join("; "))]
    BadOptions {
        /// All of what is wrong with them.
        problems: Vec<String>,
    },
    /// Another process has the log open.
    #[error("the log in {} is held by another process ({holder})", .folder.display())]
    Held {
        /// The log's folder.
        folder: PathBuf,
        /// What the holder says about itself.
        holder: String,
    },
    /// The log was written in another version of the format.
    #[error("the log in {} has format version {found}, this program reads {FORMAT_VERSION}", .folder.display())]
    OtherVersion {
        /// The log's folder.
        folder: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The folder holds something else.
    #[error("the folder {} holds {found} and no log", .folder.display())]
    NotALog {
        /// The folder.
        folder: PathBuf,
        /// What was found there.
        found: String,
    },
    /// What is stored is not what was written, and it is not the end of what a crash cut short.
    #[error("{} is corrupt at byte {offset}, after position {after}: it {problem}", .file.display())]
    Corrupt {
        /// Which file.
        file: PathBuf,
        /// From which byte on.
        offset: u64,
        /// The last position that is whole before it.
        after: Position,
        /// What is wrong there.
        problem: String,
    },
    /// Events are missing at the end that the log's index has seen.
    #[error("the log in {} ends at position {found}, but it had come to {seen}", .folder.display())]
    TooShort {
        /// The log's folder.
        folder: PathBuf,
        /// Where it ends.
        found: Position,
        /// Where it had come to.
        seen: Position,
    },
    /// The disk failed.
    #[error("the disk failed while the log in {} was opened", .folder.display())]
    Disk {
        /// The log's folder.
        folder: PathBuf,
        /// How.
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    /// The code of the page that says what to do.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadOptions { .. } => "log-options",
            Self::Held { .. } => "log-held",
            Self::OtherVersion { .. } => "log-format-version",
            Self::NotALog { .. } => "log-not-a-log",
            Self::Corrupt { .. } => "log-corrupt",
            Self::TooShort { .. } => "log-too-short",
            Self::Disk { .. } => "log-disk",
        }
    }
}

/// Why a log has stopped. It is opened again to go on.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub(crate) struct WhyStopped {
    what: &'static str,
    #[source]
    source: Option<Arc<io::Error>>,
}

impl WhyStopped {
    pub(crate) const fn closed() -> Self {
        Self { what: "the log was closed", source: None }
    }

    pub(crate) const fn only_looked_at() -> Self {
        Self { what: "the log is only looked at and takes no appends", source: None }
    }

    pub(crate) const fn panicked(what: &'static str) -> Self {
        Self { what, source: None }
    }

    pub(crate) fn failed(what: &'static str, error: io::Error) -> Self {
        Self { what, source: Some(Arc::new(error)) }
    }
}

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    /// The disk failed.
    #[error("the disk failed")]
    Disk(#[from] io::Error),
    /// What is stored is not what was written.
    #[error("{} is corrupt at byte {offset}: it {problem}", .file.display())]
    Corrupt { file: PathBuf, offset: u64, problem: &'static str },
}

impl From<RecordError> for io::Error {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Disk(error) => error,
            corrupt @ RecordError::Corrupt { .. } => Self::new(io::ErrorKind::InvalidData, corrupt),
        }
    }
}
