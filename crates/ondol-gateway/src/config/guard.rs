//! The tables of a route that say what a request may look like, and what answers say to browsers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use ondol_resilience::Mode;
use serde::{Deserialize, Serialize};

use super::from::is_enforced;

/// What a request may look like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcceptOptions {
    /// `off`, `observe` or `enforce`, which it is if not given.
    #[serde(skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// Media types that a body may have: `application/json`, `image/*`, `*+json`. All, if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
    /// Bytes of a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_bytes_max: Option<usize>,
    /// Parameters of a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters_max: Option<usize>,
    /// Headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers_max: Option<usize>,
    /// Bytes of all headers' names and values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_bytes_max: Option<usize>,
}

/// What answers say to browsers so that pages cannot be misused. `{}` says all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityOptions {
    /// `off`, `observe` or `enforce`, which it is if not given.
    #[serde(skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// For how long only TLS is to be used, said over TLS only. 8760 hours (a year), if not given; not
    /// said, if nothing.
    #[serde(with = "human::required")]
    pub hsts: Duration,
    /// Whether that holds for all below the host as well.
    pub hsts_subdomains: bool,
    /// That a body is what its media type says.
    pub nosniff: bool,
    /// Which pages may show it in a frame: `'none'`, if not given; not said, if empty.
    pub frame_ancestors: String,
    /// What links say of where they came from: `no-referrer`, if not given; not said, if empty.
    pub referrer_policy: String,
    /// More headers, in place of those of the service.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

impl Default for SecurityOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            hsts: Duration::from_secs(365 * 24 * 3600),
            hsts_subdomains: false,
            nosniff: true,
            frame_ancestors: "'none'".to_owned(),
            referrer_policy: "no-referrer".to_owned(),
            headers: BTreeMap::new(),
        }
    }
}

/// Requests are held against a description of the interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidateOptions {
    /// `off`, `observe` or `enforce`, which it is if not given.
    #[serde(default, skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// The description: OpenAPI 3.1 as JSON.
    pub openapi: PathBuf,
    /// What paths begin with, before those of the description. What its only server says, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What becomes of requests that it does not know. They are refused, if not given.
    #[serde(default, skip_serializing_if = "Unknown::is_refused")]
    pub unknown: Unknown,
    /// Bytes of a body that is looked into, at most. 1 MiB, if not given.
    #[serde(default = "mebibyte")]
    pub body_bytes_max: u64,
}

const fn mebibyte() -> u64 {
    1024 * 1024
}

/// What becomes of requests that a description does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// They are refused.
    #[default]
    Refuse,
    /// They pass.
    Pass,
}

impl Unknown {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    fn is_refused(&self) -> bool {
        *self == Self::Refuse
    }
}
