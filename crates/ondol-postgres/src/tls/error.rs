//! Why there is no TLS with a server.

use std::io;

use crate::{BoxError, ConnectError};

/// Why there is no TLS with a server. Nothing was said to it, and no password sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The server's certificate is not one to be trusted.
    #[error("the certificate of the server is not to be trusted")]
    Certificate(#[source] rustls::Error),
    /// The server does not speak TLS.
    #[error("sslmode asks for TLS, and the server does not speak it")]
    NotSpoken,
    /// The authorities cannot be read.
    #[error("the authorities in {file} cannot be used")]
    Roots {
        /// The file, or what it was looked for.
        file: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// The two sides could not agree, or lost each other.
    #[error("TLS with the server failed")]
    Handshake(#[source] BoxError),
}

impl TlsError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "postgres-certificate",
            Self::NotSpoken => "postgres-without-tls",
            Self::Roots { .. } => "postgres-root-certificates",
            Self::Handshake(_) => "postgres-tls",
        }
    }

    /// What came of a handshake.
    pub(super) fn of_handshake(error: io::Error) -> Self {
        let said = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match said {
            Some(said @ rustls::Error::InvalidCertificate(_)) => Self::Certificate(said.clone()),
            _ => Self::Handshake(error.into()),
        }
    }

    /// Tells what is about TLS from what is about the server.
    pub(crate) fn or_of_server(error: tokio_postgres::Error) -> ConnectError {
        use std::error::Error as _;
        if error.source().is_some_and(<dyn std::error::Error>::is::<Self>) {
            let source = error.into_source().and_then(|source| source.downcast::<Self>().ok());
            return ConnectError::Tls(source.map_or(Self::NotSpoken, |found| *found));
        }
        // The client library fails on its own account when the answer to the question for TLS is
        // a no; it has no other sign of that than its text.
        let is_no = error.source().is_some_and(|said| said.to_string() == NOT_SPOKEN);
        if is_no { ConnectError::Tls(Self::NotSpoken) } else { ConnectError::Server(error) }
    }
}

/// How the client library says that a server does not speak TLS; a test holds it to that.
const NOT_SPOKEN: &str = "server does not support TLS";
