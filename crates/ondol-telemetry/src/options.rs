//! What is told, and how.

use serde::{Deserialize, Serialize};

/// What is told while a program runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// From which level on, for all or by module: `info`, `warn,ondol_runtime=debug`.
    pub level: String,
    /// How it is written.
    pub format: LogFormat,
}

/// How something is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// A JSON value a line.
    Json,
    /// Lines for people.
    Text,
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto }
    }
}
