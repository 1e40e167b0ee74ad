//! What must be so of a request and its answer.

use std::cmp::Ordering;

use http::HeaderName;

use super::Seen;
use super::decimal::compare;
use crate::aggregate::query_value;
use crate::config::{ConditionOptions, OneOrMany};
use crate::json::Pointer;

/// Something about a request or its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Status,
    Method,
    Path,
    Client,
    TookMillis,
    Reason,
    Header(HeaderName),
    Query(String),
    Request(Pointer),
    Answer(Pointer),
}

impl Field {
    /// Names of fields that are whole words.
    pub(crate) const WORDS: [&str; 6] = ["status", "method", "path", "client", "took_ms", "reason"];

    pub(crate) fn read(text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            None => match text {
                "status" => Self::Status,
                "method" => Self::Method,
                "path" => Self::Path,
                "client" => Self::Client,
                "took_ms" => Self::TookMillis,
                "reason" => Self::Reason,
                _ => return None,
            },
            Some(("header", name)) => Self::Header(HeaderName::from_bytes(name.as_bytes()).ok()?),
            Some(("query", name)) => Self::Query(name.to_owned()),
            Some(("request", place)) => Self::Request(Pointer::read(place).ok()?),
            Some(("answer", place)) => Self::Answer(Pointer::read(place).ok()?),
            Some(_) => return None,
        })
    }

    /// Its value, as it is written.
    pub(crate) fn value(&self, seen: &Seen<'_>) -> Option<String> {
        let entry = seen.entry;
        let word = |json: &Option<crate::json::Json>, place: &Pointer| {
            place.get(json.as_ref()?)?.word().map(str::to_owned)
        };
        match self {
            Self::Status => entry.answered.as_ref().map(|(status, _)| status.as_str().to_owned()),
            Self::Method => Some(entry.method.to_string()),
            Self::Path => Some(entry.target.path().to_owned()),
            Self::Client => Some(entry.client.to_string()),
            Self::TookMillis => Some(entry.took.as_millis().to_string()),
            Self::Reason => entry.reason.map(str::to_owned),
            Self::Header(name) => entry.asked.headers.get(name)?.to_str().ok().map(str::to_owned),
            Self::Query(name) => query_value(entry.target.query()?, name),
            Self::Request(place) => word(&seen.asked, place),
            Self::Answer(place) => word(&seen.answered, place),
        }
    }
}

/// A condition.
#[derive(Debug)]
pub(super) struct Condition {
    field: Field,
    above: Option<String>,
    below: Option<String>,
    is: Option<OneOrMany>,
}

impl Condition {
    pub(super) fn new(options: &ConditionOptions) -> Option<Self> {
        let ConditionOptions { field, above, below, is } = options.clone();
        Some(Self { field: Field::read(&field)?, above, below, is })
    }

    /// Whether it is so. What is not there is nothing.
    pub(super) fn holds(&self, seen: &Seen<'_>) -> bool {
        let Some(value) = self.field.value(seen) else { return false };
        let than = |limit: &Option<String>, order| {
            limit.as_ref().is_none_or(|limit| compare(&value, limit) == Some(order))
        };
        than(&self.above, Ordering::Greater)
            && than(&self.below, Ordering::Less)
            && self.is.as_ref().is_none_or(|is| is.as_slice().contains(&value))
    }
}
