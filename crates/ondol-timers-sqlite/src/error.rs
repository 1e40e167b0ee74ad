//! Why the file could not be used, and what its errors mean to whoever asked.

use std::path::PathBuf;

use ondol_timers::{BoxError, ReadError, WriteError};
use rusqlite::ErrorCode;

use crate::OptionsError;

/// Why the file could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The options cannot be used.
    #[error("the timers' file cannot be used as asked")]
    Options(#[from] OptionsError),
    /// The file is another program's.
    #[error("{} is the file of something else", .path.display())]
    Foreign {
        /// Which one.
        path: PathBuf,
    },
    /// The file was written by a newer version of this program.
    #[error("{} has the format {found}, and this program reads up to {known}", .path.display())]
    Newer {
        /// Which one.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The last format that is known here.
        known: i64,
    },
    /// It could not be opened.
    #[error("{} cannot be opened", .path.display())]
    Unavailable {
        /// Which one.
        path: PathBuf,
        /// Why not.
        #[source]
        source: BoxError,
    },
}

impl OpenError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Options(_) => "timer-store-options",
            Self::Foreign { .. } => "timer-store-foreign",
            Self::Newer { .. } => "timer-store-newer",
            Self::Unavailable { .. } => "timer-store-unavailable",
        }
    }
}

/// An error of the port, made of what went wrong here.
pub(crate) trait Fault: Send + 'static {
    fn of(error: rusqlite::Error) -> Self;
    fn unavailable(error: BoxError) -> Self;
}

impl Fault for ReadError {
    fn of(error: rusqlite::Error) -> Self {
        let is_damage = matches!(
            &error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
        ) || error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt);
        if is_damage { Self::Corrupt(error.into()) } else { Self::Unavailable(error.into()) }
    }

    fn unavailable(error: BoxError) -> Self {
        Self::Unavailable(error)
    }
}

impl Fault for WriteError {
    fn of(error: rusqlite::Error) -> Self {
        let is_full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        if is_full { Self::Full(error.into()) } else { Self::Unavailable(error.into()) }
    }

    fn unavailable(error: BoxError) -> Self {
        Self::Unavailable(error)
    }
}
