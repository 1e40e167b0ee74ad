//! Why the file could not be opened or a projection not be made, and what SQLite's errors mean.

use std::path::PathBuf;

use ondol_views::{BoxError, DefineError, LoadError, Target, WriteError};
use rusqlite::ErrorCode;

use crate::OptionsError;

/// Why the file could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The options cannot be used.
    #[error("the views' file cannot be opened as asked")]
    Options(#[from] OptionsError),
    /// The file is another program's.
    #[error("{} is a database of another program", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file has been written by a newer version of this program.
    #[error("{} has the format {found}, and this program reads up to {known}", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The last format that is known here.
        known: i64,
    },
    /// SQLite could not open or prepare it.
    #[error("{} cannot be opened", .path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// What was found.
        #[source]
        source: BoxError,
    },
}

/// Why a projection in SQL was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The statements themselves failed; nothing was written.
    #[error("the projection's statements failed")]
    Statement(#[source] rusqlite::Error),
    /// The commit was not made.
    #[error("the projection was not written")]
    Write(#[from] WriteError),
}

impl OpenError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Options(_) => "view-store-options",
            Self::Foreign { .. } => "view-store-foreign",
            Self::Newer { .. } => "view-store-newer",
            Self::Unavailable { .. } => "view-store-unavailable",
        }
    }
}

impl ProjectError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Statement(_) => "view-projection-failed",
            Self::Write(error) => error.code(),
        }
    }
}

/// The thread that was to answer is gone.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the thread that works on the file has stopped")]
pub(crate) struct Stopped;

/// A job on the file has panicked.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a job on the file has panicked")]
pub(crate) struct Panicked;

/// What a job on the file may answer when the file cannot be worked on at all.
pub(crate) trait FromSqlite {
    fn unavailable(source: BoxError) -> Self;
    fn from_sqlite(error: rusqlite::Error) -> Self;
}

impl FromSqlite for WriteError {
    fn unavailable(source: BoxError) -> Self {
        Self::Unavailable(source)
    }

    fn from_sqlite(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            _ => Self::Unavailable(error.into()),
        }
    }
}

impl FromSqlite for DefineError {
    fn unavailable(source: BoxError) -> Self {
        Self::Unavailable(source)
    }

    fn from_sqlite(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl FromSqlite for LoadError {
    fn unavailable(source: BoxError) -> Self {
        Self::Unavailable(source)
    }

    fn from_sqlite(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// What could not be read of a view: damage is told from a file that cannot be reached.
pub(crate) fn load_error(view: &Target, error: rusqlite::Error) -> LoadError {
    let is_damage = matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..)
    ) || matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    );
    if is_damage {
        return LoadError::Corrupt { view: view.clone(), source: error.into() };
    }
    LoadError::Unavailable(error.into())
}

impl FromSqlite for ProjectError {
    fn unavailable(source: BoxError) -> Self {
        Self::Write(WriteError::Unavailable(source))
    }

    fn from_sqlite(error: rusqlite::Error) -> Self {
        Self::Write(WriteError::from_sqlite(error))
    }
}
