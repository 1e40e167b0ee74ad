//! What goes wrong between here and a server.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::TlsError;

/// Any error, where only its text is of interest.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server could not be reached, or did not let us in.
    #[error("the server cannot be reached")]
    Server(#[source] tokio_postgres::Error),
    /// TLS was asked for, and is not to be had or not to be trusted.
    #[error("there is no TLS with the server")]
    Tls(#[from] TlsError),
}

/// What went wrong between here and the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The server refused, or the connection was lost.
    #[error("the server refused or was lost")]
    Server(#[from] tokio_postgres::Error),
    /// TLS was asked for, and is not to be had or not to be trusted.
    #[error("there is no TLS with the server")]
    Tls(#[source] TlsError),
    /// The server took too long.
    #[error("the server did not answer within {0:?}")]
    Late(Duration),
    /// Nobody connects any more.
    #[error("the connections are closed")]
    Closed,
    /// A row is not what was written.
    #[error("a row is not what was written")]
    Damaged(#[source] BoxError),
}

impl Fault {
    /// Whether the server has no room left.
    pub fn is_no_room(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::DISK_FULL))
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Server(error) => Self::Server(error),
            ConnectError::Tls(error) => Self::Tls(error),
        }
    }
}
