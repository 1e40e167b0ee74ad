//! Which database, and how much of everything there may be.

use std::fmt;

use ondol_postgres::Database;
use ondol_views::Limits;
use serde::Deserialize;

/// One that folds, and one that reads meanwhile.
const CONNECTIONS_MIN: usize = 2;

/// Which database, and how much of everything there may be.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The database: `postgres://user:password@host:port/database`, with `sslmode` and
    /// `sslrootcert` for TLS. It is a secret.
    pub url: String,
    /// The schema that holds the views, and nothing else but tables of one's own.
    pub schema: String,
    /// How many connections there may be.
    pub connections_max: usize,
    /// Milliseconds that connecting may take.
    pub connect_timeout_ms: u64,
    /// Milliseconds that one read or write may take, waiting for other writers included.
    pub transaction_timeout_ms: u64,
    /// What the store takes at most.
    pub limits: Limits,
}

/// Why the options cannot be used: every problem there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of the views' database cannot be used: {}", .problems.join("; "))]
pub struct OptionsError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: String::new(),
            schema: "ondol_views".to_owned(),
            connections_max: 8,
            connect_timeout_ms: 5_000,
            transaction_timeout_ms: 60_000,
            limits: Limits::default(),
        }
    }
}

impl Options {
    /// The usual options for a database.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let problems = self.database().problems(CONNECTIONS_MIN);
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
