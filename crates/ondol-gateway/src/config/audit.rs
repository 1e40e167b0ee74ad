//! What is written down of requests and answers, and what raises an alarm.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use super::model::OneOrMany;

/// An audit log: a file of JSON lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditOptions {
    /// The file. When it is full it is called `FILE.1`, `FILE.2` and so on, and a new one begun.
    pub file: PathBuf,
    /// Bytes of a file.
    #[serde(default = "sixty_four_mebibytes")]
    pub file_bytes_max: u64,
    /// Full files that are kept; the oldest goes.
    #[serde(default = "ten")]
    pub files_max: usize,
    /// Whether what is written is on the disk before more is: what is together is synced together.
    #[serde(default = "yes")]
    pub sync: bool,
    /// Requests under way or waiting to be written.
    #[serde(default = "a_thousand")]
    pub waiting_max: usize,
    /// What becomes of a request when it cannot keep up.
    #[serde(default)]
    pub when_full: WhenFull,
    /// Whether each line has the hash of itself and all before it.
    #[serde(default = "yes")]
    pub chain: bool,
    /// What is not written.
    #[serde(default)]
    pub mask: MaskOptions,
}

/// What becomes of a request that cannot be written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenFull {
    /// It is refused.
    #[default]
    Refuse,
    /// It is served, and what was not written is counted.
    Drop,
}

/// What is masked. Credentials always are: `Authorization`, cookies, keys, passwords and tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskOptions {
    /// Places in JSON bodies: `$.card.number`, `$.items[*].name`, `$..phone` at any depth.
    pub fields: Vec<String>,
    /// Headers.
    pub headers: Vec<String>,
    /// Parameters of the query and of forms.
    pub query: Vec<String>,
    /// What looks like this, wherever it stands.
    pub patterns: Vec<MaskPattern>,
}

impl Default for MaskOptions {
    fn default() -> Self {
        let patterns = vec![MaskPattern::Card, MaskPattern::Email, MaskPattern::Phone];
        Self { fields: Vec::new(), headers: Vec::new(), query: Vec::new(), patterns }
    }
}

/// What personal data looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaskPattern {
    /// 13 to 19 digits whose last one fits the others (Luhn); the last four stay.
    Card,
    /// `name@host`.
    Email,
    /// 9 to 15 digits that begin with `+` or `0`.
    Phone,
    /// Addresses of clients: the part that names one household.
    Address,
}

/// What is written down of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteAuditOptions {
    /// Into which log.
    pub to: String,
    /// Whether bodies are written as well.
    #[serde(default = "yes")]
    pub bodies: bool,
    /// Bytes of a body; a longer one is left out.
    #[serde(default = "sixteen_kibibytes")]
    pub body_bytes_max: u64,
}

/// What raises an alarm: every condition holds, so many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertOptions {
    /// Routes. Every route that is written down, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<OneOrMany>,
    /// What must be so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<ConditionOptions>,
    /// How many times.
    #[serde(default = "once")]
    pub count: usize,
    /// In how long.
    #[serde(default = "a_minute", with = "human::required")]
    pub within: Duration,
    /// Counted for each value of this by itself: a field, as in a condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// How long the same alarm is not raised again.
    #[serde(default = "a_minute", with = "human::required")]
    pub quiet: Duration,
    /// Who is told, besides the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookOptions>,
}

/// A condition: one of the comparisons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionOptions {
    /// `status`, `method`, `path`, `client`, `took_ms`, `reason`, `request:/place` or `answer:/place` in a
    /// JSON body, `header:name`, `query:name`.
    pub field: String,
    /// It is more than this, exactly, however large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<String>,
    /// It is less than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
    /// It is one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<OneOrMany>,
}

/// Who is told of an alarm, with a signature (`Ondol-Signature`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookOptions {
    /// The backend: nobody but who is configured is ever told.
    pub to: String,
    /// The path there.
    pub path: String,
    /// A file with the secret that signs it.
    pub secret_file: PathBuf,
}

/// Named alarms.
pub type Alerts = BTreeMap<String, AlertOptions>;

const fn sixty_four_mebibytes() -> u64 {
    64 * 1024 * 1024
}

const fn sixteen_kibibytes() -> u64 {
    16 * 1024
}

const fn ten() -> usize {
    10
}

const fn a_thousand() -> usize {
    1024
}

const fn yes() -> bool {
    true
}

const fn once() -> usize {
    1
}

const fn a_minute() -> Duration {
    Duration::from_secs(60)
}
