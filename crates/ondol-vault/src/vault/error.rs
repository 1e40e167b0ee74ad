//! Why the vault could not do what it was asked.

use std::io;

use crate::master::MasterKeyError;

/// Why the vault cannot be opened or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no master key.
    #[error("the vault has no master key")]
    Master(#[from] MasterKeyError),
    /// A file of the vault cannot be read or written.
    #[error("{what} of the vault cannot be read or written")]
    File {
        /// What.
        what: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A key cannot be unwrapped: it was changed, or belongs to another vault.
    #[error("the key of {subject:?} cannot be unwrapped: it was changed, or is of another vault")]
    Key {
        /// Whose.
        subject: String,
    },
    /// A key is older than the ledger says it has to be.
    #[error("the key of {subject:?} is older than the ledger knows it: it was put back")]
    PutBack {
        /// Whose.
        subject: String,
    },
    /// This is no name of a person.
    #[error("{subject:?} is no name of a person: 1 to 64 letters, digits, hyphens")]
    Subject {
        /// What was given.
        subject: String,
    },
    /// So many keys a person never has.
    #[error("the key of {subject:?} was replaced too often")]
    TooManyVersions {
        /// Whose.
        subject: String,
    },
}

/// Why a value cannot be sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The person was forgotten: nothing new is sealed for him.
    #[error("{subject:?} was forgotten, and nothing is sealed for them any more")]
    Forgotten {
        /// Who.
        subject: String,
    },
    /// The value cannot be written.
    #[error("the value cannot be written")]
    Value(#[source] serde_json::Error),
    /// The provider of ciphers has failed.
    #[error("the provider of ciphers has failed")]
    Provider,
    /// The vault cannot be used.
    #[error("the vault cannot be used")]
    Vault(#[from] VaultError),
}

/// Why a value cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It was not sealed for this person and this field, or was changed.
    #[error("the value was not sealed as {field:?} of {subject:?}, or was changed")]
    NotOurs {
        /// Whose it was said to be.
        subject: String,
        /// Which field.
        field: String,
    },
    /// The vault cannot be used.
    #[error("the vault cannot be used")]
    Vault(#[from] VaultError),
}

impl VaultError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Master(_) => "vault-master-key",
            Self::File { .. } => "vault-file",
            Self::Key { .. } => "vault-key",
            Self::PutBack { .. } => "vault-key-put-back",
            Self::Subject { .. } => "vault-subject",
            Self::TooManyVersions { .. } => "vault-key-versions",
        }
    }
}

impl SealError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Forgotten { .. } => "vault-forgotten",
            Self::Value(_) | Self::Provider => "vault-seal",
            Self::Vault(error) => error.code(),
        }
    }
}

impl OpenError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotOurs { .. } => "vault-not-ours",
            Self::Vault(error) => error.code(),
        }
    }
}
