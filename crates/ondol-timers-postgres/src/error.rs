//! Why the database could not be used, and what its errors mean to whoever asked.

use std::time::Duration;

use ondol_timers::{BoxError, ReadError, WriteError};
use tokio_postgres::error::SqlState;

use crate::OptionsError;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The options cannot be used.
    #[error("the timers' database cannot be used as asked")]
    Options(#[from] OptionsError),
    /// The schema holds something else.
    #[error("the schema {schema} holds tables of something else")]
    Foreign {
        /// Which one.
        schema: String,
    },
    /// The schema was written by a newer version of this program.
    #[error("the schema {schema} has the format {found}, and this program reads up to {known}")]
    Newer {
        /// Which one.
        schema: String,
        /// Its format.
        found: i32,
        /// The last format that is known here.
        known: i32,
    },
    /// The server could not be reached or did not do it.
    #[error("the timers' database cannot be reached or prepared")]
    Unavailable(#[source] BoxError),
}

impl OpenError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Options(_) => "timer-store-options",
            Self::Foreign { .. } => "timer-store-foreign",
            Self::Newer { .. } => "timer-store-newer",
            Self::Unavailable(_) => "timer-store-unavailable",
        }
    }
}

/// What went wrong between here and the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the server refused or was lost")]
    Server(#[from] tokio_postgres::Error),
    #[error("the server did not answer within {0:?}")]
    Late(Duration),
    #[error("the connections are closed")]
    Closed,
    /// A row is not what was written.
    #[error("a row is not what was written")]
    Damaged(#[source] BoxError),
}

impl Fault {
    fn is_no_room(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::DISK_FULL))
    }
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault.into())
    }
}

pub(crate) fn read_error(fault: Fault) -> ReadError {
    match fault {
        Fault::Damaged(source) => ReadError::Corrupt(source),
        fault => ReadError::Unavailable(fault.into()),
    }
}

pub(crate) fn write_error(fault: Fault) -> WriteError {
    if fault.is_no_room() {
        return WriteError::Full(fault.into());
    }
    WriteError::Unavailable(fault.into())
}

/// A commit whose answer did not come.
pub(crate) fn unknown(fault: Fault) -> WriteError {
    WriteError::Unknown(fault.into())
}
