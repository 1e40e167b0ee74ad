//! Which database, and how much of it there may be: what all stores' options have in common.

use std::time::Duration;

use crate::Endpoint;

/// The longest name of a schema, so that what is appended to it still fits the server's 63.
const SCHEMA_BYTES_MAX: usize = 40;
/// Nobody needs more connections from one process.
const CONNECTIONS_MOST: usize = 256;

/// A schema of a database, and the connections to it.
#[derive(Clone)]
pub struct Database {
    /// The database: `postgres://user:password@host:port/database`. It is a secret.
    pub url: String,
    /// The schema.
    pub schema: String,
    /// How many connections there may be.
    pub connections_max: usize,
    /// Milliseconds that connecting may take.
    pub connect_timeout_ms: u64,
    /// Milliseconds that one read or write may take, waiting for other writers included.
    pub transaction_timeout_ms: u64,
}

impl Database {
    /// All that is wrong with it, each as a sentence. At least so many connections are needed.
    pub fn problems(&self, connections_min: usize) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(problem) = Endpoint::parse(&self.url) {
            problems.push(problem.to_string());
        }
        let mut must = |is_so: bool, rule: &str| {
            if !is_so {
                problems.push(rule.to_owned());
            }
        };
        must(
            is_schema(&self.schema),
            "schema is not 1 to 40 lower case letters, digits or '_', from a letter on",
        );
        must(
            (connections_min..=CONNECTIONS_MOST).contains(&self.connections_max),
            &format!("connections_max is not in {connections_min} to {CONNECTIONS_MOST}"),
        );
        must(self.connect_timeout_ms > 0, "connect_timeout_ms is zero");
        must(self.transaction_timeout_ms > 0, "transaction_timeout_ms is zero");
        problems
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
    name.len() <= SCHEMA_BYTES_MAX
        && !name.starts_with("pg_")
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl std::fmt::Debug for Database {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("schema", &self.schema)
            .field("connections_max", &self.connections_max)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
