//! What went wrong between us and the server, and what follows from it.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use ondol_postgres::{ConnectError, TlsError};
use ondol_store::{AppendError, ReadError};
use tokio_postgres::error::{Severity, SqlState};

use crate::OpenError;

/// Why the server did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The connection could not be made or is gone; what was under way may still come about.
    #[error("the connection to PostgreSQL is lost")]
    Lost(#[source] tokio_postgres::Error),
    /// TLS was asked for, and is not to be had or not to be trusted; nothing was said.
    #[error("there is no TLS with PostgreSQL")]
    Tls(#[source] TlsError),
    /// The server took too long; what was under way may still come about.
    #[error("PostgreSQL has not answered within {0:?}")]
    Slow(Duration),
    /// The server said no; the transaction has come to nothing.
    #[error("PostgreSQL refused: {}", .0.as_db_error().map_or_else(String::new, ToString::to_string))]
    Refused(#[source] tokio_postgres::Error),
    /// The server that answers cannot be used now: it is a replica, say.
    #[error("the server that answers cannot be used")]
    Unusable(#[source] Box<OpenError>),
    /// Others have written so much since that nobody remembers.
    #[error("what came of the commit is forgotten: more than a thousand have come since")]
    Forgotten,
    /// The server is not, or no longer, one that keeps promises.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Why the log must not go on.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Unfit {
    /// A setting was changed while we were running.
    #[error("{setting} = {found} lets the server lose what it has acknowledged")]
    NotDurable { setting: &'static str, found: String },
    /// The log ends before what we have seen of it.
    #[error("the log was seen to reach position {seen}, found it to end at {found}")]
    Rewound { seen: u64, found: u64 },
    /// It is another life of the log: what we know of the one before may not be so in this one.
    #[error(
        "the log lives elsewhere than when it was opened: it came from a copy, or its server was replaced"
    )]
    Moved,
    /// Something in the tables is not what we write there.
    #[error("{what} is not what was written there")]
    Corrupt { what: &'static str },
}

impl Fault {
    /// What was found out about a server that was connected to anew.
    pub(crate) fn from_check(error: OpenError) -> Self {
        match error {
            OpenError::NotDurable { setting, found } => {
                Self::Unfit(Unfit::NotDurable { setting, found })
            }
            error => Self::Unusable(Box::new(error)),
        }
    }

    /// Whether a statement that was sent may have been done without our hearing of it.
    pub(crate) const fn is_silent(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Slow(_))
    }

    /// Whether another connection may do what this one did not.
    pub(crate) const fn is_of_connection(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Unusable(_))
    }

    /// Whether what was sent, and not how the server is, made it refuse: another append in its
    /// place could go through.
    pub(crate) fn is_about_data(&self) -> bool {
        let Self::Refused(error) = self else { return false };
        // Data exceptions, broken constraints, raised exceptions, statements too large.
        error.code().is_some_and(|state| {
            ["22", "23", "P0", "54"].iter().any(|class| state.code().starts_with(class))
        })
    }

    fn is_full(&self) -> bool {
        matches!(self, Self::Refused(error) if error.code() == Some(&SqlState::DISK_FULL))
    }

    /// What an append is told that was surely not written.
    pub(crate) fn not_written(self: Arc<Self>) -> AppendError {
        match &*self {
            Self::Unfit(unfit) => AppendError::Stopped(unfit.clone().into()),
            _ if self.is_full() => AppendError::Full(Box::new(self)),
            _ => AppendError::Unavailable(Box::new(self)),
        }
    }

    /// What an append is told of which nobody knows whether it was written.
    pub(crate) fn unknown(self: Arc<Self>) -> AppendError {
        AppendError::Unknown(Box::new(self))
    }

    /// What a reader is told.
    pub(crate) fn not_read(self) -> ReadError {
        match self {
            Self::Unfit(unfit) => ReadError::Stopped(unfit.into()),
            fault => ReadError::Unavailable(fault.into()),
        }
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Server(error) => error.into(),
            ConnectError::Tls(error) => Self::Tls(error),
            other => Self::Unusable(Box::new(OpenError::Unavailable(other.into()))),
        }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let ends = |severity| matches!(severity, Some(Severity::Fatal | Severity::Panic));
        match error.as_db_error() {
            Some(said) if !ends(said.parsed_severity()) => Self::Refused(error),
            Some(_) => Self::Lost(error),
            None => {
                debug_assert!(
                    error.is_closed() || error.source().is_some(),
                    "the client library fails on its own account: {error}"
                );
                Self::Lost(error)
            }
        }
    }
}
