//! Why the database could not be used, and what its errors mean to whoever asked.

use ondol_lease::LeaseError;
use ondol_postgres::{BoxError, Fault, SchemaError, TlsError};

use crate::OptionsError;

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
    /// TLS was asked for, and is not to be had or not to be trusted.
    #[error("there is no TLS with the leases' database")]
    Tls(#[source] TlsError),
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
            Self::Tls(error) => error.code(),
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

impl From<SchemaError> for OpenError {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::Foreign { schema } => Self::Foreign { schema },
            SchemaError::Newer { schema, found, known } => Self::Newer { schema, found, known },
            SchemaError::Fault(Fault::Tls(error)) => Self::Tls(error),
            other => Self::Unavailable(other.into()),
        }
    }
}

/// A lease that could not be looked at.
pub(crate) fn unavailable(fault: Fault) -> LeaseError {
    LeaseError::Unavailable(fault.into())
}

impl From<Fault> for GuardedError {
    fn from(fault: Fault) -> Self {
        Self::Lease(unavailable(fault))
    }
}

/// A commit whose answer did not come.
pub(crate) fn unknown(fault: Fault) -> GuardedError {
    GuardedError::Unknown(fault.into())
}
