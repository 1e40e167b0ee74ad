//! What can be set.

use std::fmt;
use std::time::Duration;

use ondol_postgres::{Endpoint, InvalidAddress};
use ondol_store::Limits;
use serde::Deserialize;

/// Where the log is and how much of everything there may be.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresOptions {
    /// The database: `postgres://user:password@host:port/database`, with `sslmode` and
    /// `sslrootcert` for TLS. It is a secret.
    pub url: String,
    /// The schema that holds the log, and nothing else.
    pub schema: String,
    /// Whether a transaction pooler stands in between: no statement is kept on a connection.
    pub pooler: bool,
    /// How many connections read at a time.
    pub readers_max: usize,
    /// How many appends may wait.
    pub appends_waiting_max: usize,
    /// How many appends are written in one transaction.
    pub group_appends_max: usize,
    /// How many bytes of data are written in one transaction, one append besides.
    pub group_bytes_max: usize,
    /// How many streams the writer remembers the versions of.
    pub streams_remembered_max: usize,
    /// How many positions one page looks through for events that are wanted.
    pub page_positions_max: u64,
    /// How often the log is asked whether another process has written.
    pub poll_interval_ms: u64,
    /// How long connecting may take.
    pub connect_timeout_ms: u64,
    /// How long one transaction or reading may take, waiting for other writers included.
    pub transaction_timeout_ms: u64,
    /// How long is tried to find out what came of a commit whose connection was lost.
    pub settle_timeout_ms: u64,
    /// What the store takes at most.
    pub limits: Limits,
    /// A mistake that the torture has to catch.
    #[cfg(feature = "planted-bugs")]
    #[serde(skip)]
    pub planted: Option<PlantedBug>,
}

/// A mistake that the torture has to catch.
#[cfg(feature = "planted-bugs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// Positions come from a sequence, drawn outside the lock of the log.
    SequencePositions,
    /// A lost connection during COMMIT is taken for a commit that failed.
    LostMeansFailed,
}

/// Why the options cannot be used: all that is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of the PostgreSQL store cannot be used: {}", .problems.join("; "))]
pub struct InvalidOptions {
    /// Each problem, as a sentence.
    pub problems: Vec<String>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            schema: "ondol".to_owned(),
            pooler: false,
            readers_max: 8,
            appends_waiting_max: 16_384,
            group_appends_max: 4_096,
            group_bytes_max: 16 << 20,
            streams_remembered_max: 200_000,
            page_positions_max: 100_000,
            poll_interval_ms: 25,
            connect_timeout_ms: 5_000,
            transaction_timeout_ms: 30_000,
            settle_timeout_ms: 30_000,
            limits: Limits::default(),
            #[cfg(feature = "planted-bugs")]
            planted: None,
        }
    }
}

impl PostgresOptions {
    /// Checks everything that can be said without the database.
    ///
    /// # Errors
    /// All problems at once.
    pub fn validate(&self) -> Result<(), InvalidOptions> {
        let mut problems = Vec::new();
        if let Err(problem) = self.endpoint() {
            problems.push(problem.to_string());
        }
        if !is_plain_name(&self.schema) {
            problems.push(format!(
                "schema is 1 to 48 lower case letters, digits or '_', from a letter on and not beginning with pg_, found {:?}",
                self.schema
            ));
        }
        for (name, value) in self.counts() {
            if value == 0 {
                problems.push(format!("{name} is at least 1, found 0"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(InvalidOptions { problems }) }
    }

    fn counts(&self) -> [(&'static str, u64); 9] {
        let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        [
            ("readers_max", count(self.readers_max)),
            ("appends_waiting_max", count(self.appends_waiting_max)),
            ("group_appends_max", count(self.group_appends_max)),
            ("group_bytes_max", count(self.group_bytes_max)),
            ("page_positions_max", self.page_positions_max),
            ("poll_interval_ms", self.poll_interval_ms),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("transaction_timeout_ms", self.transaction_timeout_ms),
            ("settle_timeout_ms", self.settle_timeout_ms),
        ]
    }

    /// Where the server is; what is wrong with the url is said without repeating it, for it may
    /// hold a password.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, InvalidAddress> {
        let mut endpoint = Endpoint::parse(&self.url)?.connecting_within(self.connect_timeout());
        let config = endpoint.config_mut();
        config.keepalives_idle(Duration::from_secs(10));
        config.tcp_user_timeout(self.transaction_timeout());
        if config.get_application_name().is_none() {
            config.application_name("ondol");
        }
        Ok(endpoint)
    }

    pub(crate) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(crate) const fn transaction_timeout(&self) -> Duration {
        Duration::from_millis(self.transaction_timeout_ms)
    }

    pub(crate) const fn settle_timeout(&self) -> Duration {
        Duration::from_millis(self.settle_timeout_ms)
    }

    pub(crate) const fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }
}

fn is_plain_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 48
        && !name.starts_with("pg_")
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("url", &"…")
            .field("schema", &self.schema)
            .field("pooler", &self.pooler)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
