//! Why the database could not be used, and what its errors mean to whoever asked.

use ondol_postgres::{Fault, SchemaError, TlsError};
use ondol_timers::{BoxError, ReadError, WriteError};

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
    /// TLS was asked for, and is not to be had or not to be trusted.
    #[error("there is no TLS with the timers' database")]
    Tls(#[source] TlsError),
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
            Self::Tls(error) => error.code(),
            Self::Unavailable(_) => "timer-store-unavailable",
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
