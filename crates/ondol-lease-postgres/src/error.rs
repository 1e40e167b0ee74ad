//! Why the database could not be used, and what its errors mean to whoever asked.

use std::time::Duration;

use ondol_lease::LeaseError;

use crate::OptionsError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The options cannot be used.
    #[error("the leases' database cannot be used as asked")]
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
    #[error("the leases' database cannot be reached or prepared")]
    Unavailable(#[source] BoxError),
}

impl OpenError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Options(_) => "lease-store-options",
            Self::Foreign { .. } => "lease-store-foreign",
            Self::Newer { .. } => "lease-store-newer",
            Self::Unavailable(_) => "lease-store-unavailable",
        }
    }
}

/// Why a write under a lease was not made. Unless it says otherwise, nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardedError {
    /// The lease is no longer held, or could not be looked at.
    #[error("the write was not made under its lease")]
    Lease(#[from] LeaseError),
    /// The statements themselves failed.
    #[error("the statements of the write failed")]
    Statement(#[source] tokio_postgres::Error),
    /// The connection was lost during the commit.
    #[error("whether the write was made is not known")]
    Unknown(#[source] BoxError),
}

impl GuardedError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Lease(error) => error.code(),
            Self::Statement(_) => "lease-write-failed",
            Self::Unknown(_) => "lease-write-unknown",
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

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault.into())
    }
}

impl From<Fault> for LeaseError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault.into())
    }
}

impl From<Fault> for GuardedError {
    fn from(fault: Fault) -> Self {
        Self::Lease(fault.into())
    }
}

/// A commit whose answer did not come.
pub(crate) fn unknown(fault: Fault) -> GuardedError {
    GuardedError::Unknown(fault.into())
}
