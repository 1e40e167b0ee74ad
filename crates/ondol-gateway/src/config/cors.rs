//! The table of a route that says which pages of other sites may call it.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

/// Pages of other sites that may call a route, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsOptions {
    /// `https://app.example.com`, with its port if it has one, or `https://*.example.com` for all below.
    pub origins: Vec<String>,
    /// Methods beside GET, HEAD and POST.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Headers that a page may send, beside those that every page may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Headers of the answer that a page may read, beside those that every page may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<String>,
    /// Whether cookies and the like may come along.
    #[serde(default)]
    pub credentials: bool,
    /// How long a browser need not ask again.
    #[serde(default = "ten_minutes", with = "human::required")]
    pub max_age: Duration,
}

const fn ten_minutes() -> Duration {
    Duration::from_secs(600)
}
