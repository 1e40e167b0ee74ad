//! Why a configuration cannot be made ready.

use crate::alert::AlertError;
use crate::backend::BackendError;
use crate::who::{IssuerError, KeysError};

/// Why a configuration cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A backend cannot be made.
    #[error("backend `{name}` cannot be made")]
    Backend {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: BackendError,
    },
    /// The certificates of a listener cannot be used.
    #[error("the certificates of listener `{name}` cannot be used")]
    Tls {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: crate::tls::TlsError,
    },
    /// An audit log cannot be opened.
    #[error("the audit log `{name}` cannot be opened")]
    Audit {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An alarm cannot be made ready.
    #[error("the alarm `{name}` cannot be made ready")]
    Alert {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: AlertError,
    },
    /// An issuer cannot be made ready.
    #[error("issuer `{name}` cannot be made ready")]
    Issuer {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: IssuerError,
    },
    /// Keys cannot be used.
    #[error("the keys `{name}` cannot be used")]
    Keys {
        /// Their name.
        name: String,
        /// Why.
        #[source]
        source: KeysError,
    },
    /// The certificates of a Redis cannot be used.
    #[error("the authorities of redis `{name}` cannot be used")]
    Redis {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: crate::tls::TlsError,
    },
    /// A route cannot be made; checking the configuration says why.
    #[error("route `{0}` cannot be made")]
    Route(String),
}
