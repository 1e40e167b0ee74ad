//! Why the database could not be used, and what its errors mean to whoever asked.

use ondol_postgres::{Fault, SchemaError, TlsError};
use ondol_views::{BoxError, DefineError, LoadError, Target, WriteError};

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
    /// TLS was asked for, and is not to be had or not to be trusted.
    #[error("there is no TLS with the views' database")]
    Tls(#[source] TlsError),
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
            Self::Tls(error) => error.code(),
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
