//! The tables of a route that say what it does: where it leads, what it answers, what it breaks.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

/// What keeps a client on its side of a split: the first that the request has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StickyOptions {
    /// The value of this header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The value of this cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// The client's address.
    pub address: bool,
}

/// Sends the client elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectOptions {
    /// Where; `{host}`, `{path}`, `{query}` (with its `?`), parameters and `{rest}` are filled in.
    pub to: String,
    /// 301, 302, 303, 307 or 308. 308, if not given.
    #[serde(default = "permanent")]
    pub status: u16,
}

const fn permanent() -> u16 {
    308
}

/// Answers without asking anyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RespondOptions {
    /// The status.
    pub status: u16,
    /// The body.
    #[serde(default)]
    pub body: String,
    /// Its media type. `text/plain; charset=utf-8`, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// Another backend for what the first one has not (yet), or cannot give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FallbackOptions {
    /// The other backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Or an answer made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<RespondOptions>,
    /// Or, before these, the last good answer to the same question, not older than this. Kept are whole
    /// answers to GET without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub kept: Option<Duration>,
    /// Statuses of the first that lead there: its own, and those the gateway would give for it.
    pub on: Vec<u16>,
}

/// Breaks some of the requests on purpose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultOptions {
    /// How long to hold some of them up.
    #[serde(with = "human::required")]
    pub delay: Duration,
    /// How many of a hundred.
    pub delay_percent: f64,
    /// The status with which to answer some of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_status: Option<u16>,
    /// How many of a hundred.
    pub abort_percent: f64,
}

/// A version of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VersionOptions {
    /// Its name, such as `2`.
    pub name: String,
    /// The header that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The media type that asks for it in `Accept`, such as `application/vnd.bank.v2+json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Since when it should not be used: seconds since 1970, as RFC 9745 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated_at: Option<u64>,
    /// When it will be gone: an HTTP date, as RFC 8594 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset: Option<String>,
    /// Where it is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}
