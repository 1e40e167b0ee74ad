//! Which database, and how long anything there may take.

use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;

/// Which database, and how long anything there may take.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The database: `postgres://user:password@host:port/database`. It is a secret.
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
        let rules = [
            (self.config().is_none(), "url is not postgres://user:password@host:port/database"),
            (
                !is_schema(&self.schema),
                "schema is not 1 to 40 lower case letters, digits or '_', from a letter on",
            ),
            (!(1..=256).contains(&self.connections_max), "connections_max is not in 1 to 256"),
            (self.paused_timeout_ms == 0, "paused_timeout_ms is zero"),
            (self.connect_timeout_ms == 0, "connect_timeout_ms is zero"),
            (self.transaction_timeout_ms == 0, "transaction_timeout_ms is zero"),
        ];
        let broken = rules.iter().filter(|(is_broken, _)| *is_broken);
        let problems: Vec<String> = broken.map(|(_, rule)| (*rule).to_owned()).collect();
        if problems.is_empty() { Ok(()) } else { Err(OptionsError { problems }) }
    }

    pub(crate) fn config(&self) -> Option<Config> {
        if self.url.is_empty() { None } else { self.url.parse().ok() }
    }

    pub(crate) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(crate) const fn transaction_timeout(&self) -> Duration {
        Duration::from_millis(self.transaction_timeout_ms)
    }
}

/// The schema's name stands in statements as it is, so it is nothing but a plain name.
fn is_schema(name: &str) -> bool {
    name.len() <= 40
        && !name.starts_with("pg_")
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
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
