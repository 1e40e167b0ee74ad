//! What can be set, and where it is said: flags before the environment, the environment before
//! the file, the file before the defaults.

mod between;
mod error;
mod file;
mod given;
mod secret;
mod section;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ondol_http::ServerOptions;
use ondol_lease::TenantOptions;
use ondol_runtime::{DeskOptions, ReaderOptions};
use ondol_telemetry::objectives::{self, AlertOptions, Objective};
use ondol_telemetry::{Logging, OtlpOptions, TraceOptions};
use serde::{Deserialize, Serialize};

use crate::Settings;

pub use between::{BusConfig, ServiceConfig};
pub(crate) use error::nearest;
pub use error::{ConfigError, ConfigProblem};
pub use given::Given;
pub use secret::Secret;
pub use section::Section;

/// What can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder in which each service has a folder of its own.
    pub data: PathBuf,
    /// Where events are kept.
    pub log: Storage<LogEngine>,
    /// Where views are kept.
    pub views: Storage<ViewsEngine>,
    /// The database, for what is kept in PostgreSQL.
    pub postgres: PostgresConfig,
    /// What services are told, each under its own name; what it means is theirs to say.
    pub settings: BTreeMap<String, Section>,
    /// Where requests are answered.
    pub http: HttpConfig,
    /// Where operators ask how it stands.
    pub admin: Admin,
    /// How commands are taken.
    pub commands: Commands,
    /// How services in different processes trust each other.
    pub bus: BusConfig,
    /// Where services are that run in another process, and who may read and ask those that run
    /// in this one.
    pub services: BTreeMap<String, ServiceConfig>,
    /// How processes of one service over one PostgreSQL settle which of them does what only one
    /// may do.
    pub lease: TenantOptions,
    /// What is told while it runs.
    pub logging: Logging,
    /// Which traces of what it does are kept.
    pub traces: TraceOptions,
    /// The collector that is told of them, if there is one.
    pub otlp: OtlpOptions,
    /// What is promised to whoever asks.
    pub objectives: Vec<Objective>,
    /// Who is told, besides the lines that say so, when it is not kept.
    pub alerts: AlertOptions,
}

/// Where something is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage<E: Default> {
    /// By which engine.
    pub engine: E,
}

/// What keeps events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogEngine {
    /// A folder on the disk.
    #[default]
    Disk,
    /// A schema of a PostgreSQL database.
    Postgres,
    /// Nothing: it is gone when the program ends.
    Memory,
}

/// What keeps views.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewsEngine {
    /// A file of SQLite.
    #[default]
    Sqlite,
    /// A schema of a PostgreSQL database.
    Postgres,
    /// Nothing: they are folded anew when the program starts.
    Memory,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresConfig {
    /// Where it is: `postgres://user:password@host/database`. It is a secret.
    pub url: Secret,
    /// What the name of each service's schema begins with.
    pub schema_prefix: String,
}

/// Where requests are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// The address.
    pub listen: SocketAddr,
    /// How many connections there may be at once.
    pub connections_max: usize,
    /// Milliseconds for which new requests are still taken after it says it is unready: until
    /// whoever distributes requests has heard of it.
    pub unready_ms: u64,
    /// Milliseconds that requests may take to finish when it ends.
    pub drain_ms: u64,
    /// Milliseconds that a query waits at most for a view.
    pub wait_ms: u64,
}

/// Where operators ask how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// The address.
    pub listen: SocketAddr,
}

/// How commands are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Commands {
    /// How many things' states are kept at hand.
    pub hot_states_max: u64,
    /// How often a command is decided again because others have written in between.
    pub attempts_max: u32,
    /// After how many events of a thing a snapshot of it is saved.
    pub snapshot_every_events: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            log: Storage::default(),
            views: Storage::default(),
            postgres: PostgresConfig::default(),
            settings: BTreeMap::new(),
            http: HttpConfig::default(),
            admin: Admin::default(),
            commands: Commands::default(),
            bus: BusConfig::default(),
            services: BTreeMap::new(),
            lease: TenantOptions::default(),
            logging: Logging::default(),
            traces: TraceOptions::default(),
            otlp: OtlpOptions::default(),
            objectives: Vec::new(),
            alerts: AlertOptions::default(),
        }
    }
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self { url: Secret::default(), schema_prefix: "ondol_".to_owned() }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            connections_max: 10_000,
            unready_ms: 0,
            drain_ms: 30_000,
            wait_ms: 2_000,
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8081)) }
    }
}

impl Default for Commands {
    fn default() -> Self {
        let DeskOptions { hot_states_max, attempts_max, snapshot_every_events, .. } =
            DeskOptions::default();
        Self { hot_states_max, attempts_max, snapshot_every_events }
    }
}

impl Config {
    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let needs_postgres =
            self.log.engine == LogEngine::Postgres || self.views.engine == ViewsEngine::Postgres;
        let rules = [
            (self.data.as_os_str().is_empty(), "data", "names a folder, found nothing"),
            (
                needs_postgres && self.postgres.url.is_empty(),
                "postgres.url",
                "is needed where an engine is \"postgres\"",
            ),
            (self.http.connections_max == 0, "http.connections_max", "is at least 1, found 0"),
            (self.commands.attempts_max == 0, "commands.attempts_max", "is at least 1, found 0"),
            (
                self.commands.snapshot_every_events == 0,
                "commands.snapshot_every_events",
                "is at least 1, found 0",
            ),
            (
                self.http.listen == self.admin.listen && self.http.listen.port() != 0,
                "admin.listen",
                "is another address than http.listen",
            ),
        ];
        let broken = rules.into_iter().filter(|(is_broken, ..)| *is_broken);
        let problems = broken.map(|(_, key, rule)| ConfigProblem {
            place: key.to_owned(),
            problem: rule.to_owned(),
            suggestion: None,
        });
        let problems = problems.chain(between::problems(&self.bus, &self.services));
        let lease = self.lease.validate().err().map(|error| error.problems).unwrap_or_default();
        let problems = problems.chain(lease.into_iter().map(|problem| ConfigProblem {
            place: "lease".to_owned(),
            problem,
            suggestion: None,
        }));
        let objectives = objectives::problems(&self.objectives).into_iter();
        let problems = problems.chain(objectives.map(|problem| ConfigProblem {
            place: "objectives".to_owned(),
            problem: problem.to_string(),
            suggestion: None,
        }));
        ConfigError::none_in(problems.collect())
    }

    /// What a service is told of its surroundings: `settings."bank.account"` is for `bank.account`.
    pub(crate) fn settings_of(&self, service: &str) -> Settings {
        let section = self.settings.get(service);
        let table = section.map(|section| section.0.clone()).unwrap_or_default();
        Settings { folder: self.data.join(service), table }
    }

    pub(crate) fn desk(&self) -> DeskOptions {
        let Commands { hot_states_max, attempts_max, snapshot_every_events } = self.commands;
        DeskOptions {
            hot_states_max,
            attempts_max,
            snapshot_every_events,
            ..DeskOptions::default()
        }
    }

    pub(crate) fn reader(&self) -> ReaderOptions {
        ReaderOptions { wait_longest: Duration::from_millis(self.http.wait_ms) }
    }

    pub(crate) fn server(&self) -> ServerOptions {
        ServerOptions {
            connections_max: self.http.connections_max,
            drain_longest: Duration::from_millis(self.http.drain_ms),
            ..ServerOptions::default()
        }
    }
}

impl PostgresConfig {
    /// The schema of a service's log: `ondol_bank_account`.
    pub(crate) fn schema_of(&self, service: &str) -> String {
        let plain =
            |character: char| if character.is_ascii_alphanumeric() { character } else { '_' };
        format!("{}{}", self.schema_prefix, service.chars().map(plain).collect::<String>())
    }
}

#[cfg(test)]
mod tests;
