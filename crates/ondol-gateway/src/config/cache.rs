//! The table of a route whose answers are given again.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

/// Answers that are given again while they are fresh. What they say about it themselves goes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheOptions {
    /// How long a `200` is fresh that does not say it. Not at all, if not given.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub fresh: Option<Duration>,
    /// Takes a tenth of the time since an answer was changed for the time it is fresh, if it says neither.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub heuristic: bool,
    /// How long an answer may be given that is no longer fresh, while it is asked for anew.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub stale_while_revalidate: Option<Duration>,
    /// How long an answer may be given that is no longer fresh, when the backend fails.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub stale_if_error: Option<Duration>,
    /// Whether `Cache-Control` of requests is heeded: clients may then ask for what is newer.
    #[serde(skip_serializing_if = "is_true")]
    pub obey_clients: bool,
    /// Bytes of all answers of the route together.
    pub bytes_max: u64,
    /// Bytes of an answer's body.
    pub answer_bytes_max: u64,
}

impl CacheOptions {
    /// Answers of a route.
    pub(crate) const ANSWERS_MAX: usize = 65_536;
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            fresh: None,
            heuristic: false,
            stale_while_revalidate: None,
            stale_if_error: None,
            obey_clients: true,
            bytes_max: 32 * 1024 * 1024,
            answer_bytes_max: 1024 * 1024,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_true(value: &bool) -> bool {
    *value
}
