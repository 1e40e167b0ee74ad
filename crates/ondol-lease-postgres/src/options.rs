//! Which database, and how long anything there may take.

use std::fmt;

use ondol_postgres::Database;

/// Which database, and how long anything there may take.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The database: `postgres://user:password@host:port/database`, with `sslmode` and
    /// `sslrootcert` for TLS. It is a secret.
    pub url: String,
    /// The schema that holds the leases, and nothing else.
    pub schema: String,
    /// How many connections there may be.
    pub connections_max: usize,
    /// Milliseconds that connecting may take.
    pub connect_timeout_ms: u64,
    /// Milliseconds for which a writer may say nothing in the middle of a write under a lease,
    /// before the server ends it: whoever takes over waits for it that long.
    pub paused_timeout_ms: u64,
    /// Milliseconds that one read or write may take, waiting for other writers included.
    pub transaction_timeout_ms: u64,
}

/// Why the options cannot be used: every problem there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of the leases' database cannot be used: {}", .problems.join("; "))]
pub struct OptionsError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Options {
    /// The usual options for a database.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "ondol_leases".to_owned(),
            connections_max: 4,
            connect_timeout_ms: 5_000,
            paused_timeout_ms: 1_000,
            transaction_timeout_ms: 10_000,
        }
    }

    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let mut problems = self.database().problems(1);
        if self.paused_timeout_ms == 0 {
            problems.push("paused_timeout_ms is zero".to_owned());
        }
        if problems.is_empty() { Ok(()) } else { Err(OptionsError { problems }) }
    }

    pub(crate) fn database(&self) -> Database {
        let Self { connections_max, connect_timeout_ms, transaction_timeout_ms, .. } = *self;
        let (url, schema) = (self.url.clone(), self.schema.clone());
        Database { url, schema, connections_max, connect_timeout_ms, transaction_timeout_ms }
    }
}

impl fmt::Debug for Options {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("schema", &self.schema)
            .field("connections_max", &self.connections_max)
            .finish_non_exhaustive()
    }
}
