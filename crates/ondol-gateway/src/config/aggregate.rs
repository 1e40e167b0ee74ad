//! The table of a route that puts one answer together from several.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

/// One JSON answer out of several, asked for side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AggregateOptions {
    /// What it consists of.
    pub parts: BTreeMap<String, PartOptions>,
    /// Whether one missing part is as good as no answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all_or_nothing: bool,
    /// Bytes of a part's answer.
    pub part_bytes_max: u64,
}

impl AggregateOptions {
    /// Parts of an answer.
    pub(crate) const PARTS_MAX: usize = 16;
}

impl Default for AggregateOptions {
    fn default() -> Self {
        Self { parts: BTreeMap::new(), all_or_nothing: false, part_bytes_max: 1024 * 1024 }
    }
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartOptions {
    /// The backend that has it.
    pub from: String,
    /// What it is asked for: `{name}` of the route's path, `{?name}` of the query, and
    /// `{part:/place}` in the answer of another part, which is then asked first.
    pub path: String,
    /// How long it may take.
    #[serde(default = "two_seconds", with = "human::required")]
    pub timeout: Duration,
    /// Whether there is no answer without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Places in it that are taken, such as `/name` or `/items/*/id`. All of it, if not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pick: Vec<String>,
    /// Places in it that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Places in it, and what the members there are called in the answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Where it goes in the answer. `/` and its own name, if not given; `""` joins its members with
    /// those of the answer itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

const fn two_seconds() -> Duration {
    Duration::from_secs(2)
}
