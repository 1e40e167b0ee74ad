//! Why the database could not be used, and what its errors mean to whoever asked.

use std::time::Duration;

use ondol_views::{BoxError, DefineError, LoadError, Target, WriteError};
use tokio_postgres::error::SqlState;

use crate::OptionsError;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The options cannot be used.
    #[error("the views' database cannot be used as asked")]
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
    #[error("the views' database cannot be reached or prepared")]
    Unavailable(#[source] BoxError),
}

/// Why a projection in SQL was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The statements themselves failed; nothing was written.
    #[error("the projection's statements failed")]
    Statement(#[source] tokio_postgres::Error),
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
            Self::Unavailable(_) => "view-store-unavailable",
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

/// An error of the port, made of what went wrong between here and the server.
pub(crate) trait FromFault {
    fn of(fault: Fault) -> Self;
}

impl FromFault for DefineError {
    fn of(fault: Fault) -> Self {
        Self::Unavailable(fault.into())
    }
}

impl FromFault for LoadError {
    fn of(fault: Fault) -> Self {
        Self::Unavailable(fault.into())
    }
}

impl FromFault for WriteError {
    fn of(fault: Fault) -> Self {
        if fault.is_no_room() { Self::Full(fault.into()) } else { Self::Unavailable(fault.into()) }
    }
}

impl FromFault for ProjectError {
    fn of(fault: Fault) -> Self {
        Self::Write(WriteError::of(fault))
    }
}

/// What could not be read of a view: damage is told from a server that cannot be reached.
pub(crate) fn load_error(view: &Target, fault: Fault) -> LoadError {
    match fault {
        Fault::Damaged(source) => LoadError::Corrupt { view: view.clone(), source },
        fault => LoadError::Unavailable(fault.into()),
    }
}
