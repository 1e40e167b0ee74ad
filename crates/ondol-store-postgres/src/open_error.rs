//! Why a log could not be opened. Nothing has been written then.

use ondol_postgres::TlsError;
use ondol_store::BoxError;

use crate::InvalidOptions;

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The options cannot be used.
    #[error("the options cannot be used")]
    Options(#[from] InvalidOptions),
    /// The server could not be reached or did not let us in.
    #[error("the PostgreSQL server cannot be reached")]
    Unavailable(#[source] BoxError),
    /// TLS was asked for, and is not to be had or not to be trusted.
    #[error("there is no TLS with the PostgreSQL server")]
    Tls(#[source] TlsError),
    /// The server is older than the oldest one that is known to keep the promises.
    #[error("PostgreSQL is needed in version {oldest} or later, found {found}")]
    ServerTooOld {
        /// The oldest major version.
        oldest: u32,
        /// The version that was found.
        found: String,
    },
    /// The server copies another one and cannot be written to.
    #[error("the primary server is needed, found a replica or a read-only server")]
    Replica,
    /// A setting of the server lets it lose what it has acknowledged.
    #[error("{setting} = {found} lets the server lose what it has acknowledged")]
    NotDurable {
        /// Which setting.
        setting: &'static str,
        /// What it is set to.
        found: String,
    },
    /// The database cannot hold every text.
    #[error("a database in UTF8 is needed, found {found}")]
    Encoding {
        /// How the database writes text.
        found: String,
    },
    /// The schema holds something that is not a log of ours.
    #[error("the schema {schema} belongs to somebody else: it holds {found}")]
    ForeignSchema {
        /// The schema.
        schema: String,
        /// One thing that was found in it.
        found: String,
    },
    /// The log was made by a later version of this program.
    #[error("the log in schema {schema} has format {found}, this program knows up to {known}")]
    FormatTooNew {
        /// The schema.
        schema: String,
        /// The format that was found.
        found: i32,
        /// The latest format that is known here.
        known: i32,
    },
    /// The schema could not be made or brought up to date.
    #[error("the schema {schema} cannot be made or brought up to date")]
    Migration {
        /// The schema.
        schema: String,
        /// What the server said.
        #[source]
        source: BoxError,
    },
}

impl OpenError {
    /// The code under which the documentation explains the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Options(_) => "store-postgres-options",
            Self::Unavailable(_) => "store-postgres-unavailable",
            Self::Tls(error) => error.code(),
            Self::ServerTooOld { .. } => "store-postgres-server-too-old",
            Self::Replica => "store-postgres-replica",
            Self::NotDurable { .. } => "store-postgres-not-durable",
            Self::Encoding { .. } => "store-postgres-encoding",
            Self::ForeignSchema { .. } => "store-postgres-foreign-schema",
            Self::FormatTooNew { .. } => "store-postgres-format-too-new",
            Self::Migration { .. } => "store-postgres-migration",
        }
    }
}
