//! The table of a route whose requests are copied to another backend.

use serde::{Deserialize, Serialize};

/// Copies requests to another backend, and holds its answers against those that clients get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorOptions {
    /// The backend that gets the copies: the candidate.
    pub to: String,
    /// A second copy of what serves. What differs between the two is noise, and is not held against the
    /// candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    /// How many of a hundred requests are copied.
    #[serde(default = "all")]
    pub percent: f64,
    /// What becomes of requests that change something.
    #[serde(default)]
    pub writes: Writes,
    /// The header that every copy has, so that whoever gets it knows. A client's own is removed.
    #[serde(default = "mark")]
    pub mark: String,
    /// Copies that wait. Those that find it full are let go, and counted.
    #[serde(default = "queue")]
    pub queue_max: usize,
    /// Copies under way at a time.
    #[serde(default = "eight")]
    pub at_once_max: usize,
    /// Bytes of a request's or an answer's body. Larger ones are not copied, or not compared.
    #[serde(default = "bytes")]
    pub body_bytes_max: u64,
    /// Whether answers are compared at all.
    #[serde(default = "yes")]
    pub compare: bool,
    /// Headers of the answers that are compared, beside the status and the body.
    #[serde(default = "content_type")]
    pub headers: Vec<String>,
    /// Fields that are not compared, and all below them: `$.generated_at`, `$.items[].id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// How values are shown in examples.
    #[serde(default)]
    pub values: Values,
}

/// What becomes of requests that change something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writes {
    /// They are not copied.
    #[default]
    Suppress,
    /// They are copied like others, with the mark: whoever gets it must know what that means.
    Mark,
}

/// How values are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// By a number that stands for it until the gateway is started again.
    #[default]
    Hash,
    /// By their kind and length.
    Mask,
    /// As they are.
    Show,
}

const fn all() -> f64 {
    100.0
}

fn mark() -> String {
    "X-Ondol-Mirror".to_owned()
}

const fn queue() -> usize {
    256
}

const fn eight() -> usize {
    8
}

const fn bytes() -> u64 {
    64 * 1024
}

const fn yes() -> bool {
    true
}

fn content_type() -> Vec<String> {
    vec!["content-type".to_owned()]
}
