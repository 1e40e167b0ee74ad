//! How often, and how often at once, a route may be called: limits as people say them, and where they
//! are kept when several gateways share them.

use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use ondol_resilience::Mode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::from::is_enforced;
use super::short::Short;

/// Keys that a limit tells apart, if nothing else is said.
const KEYS_MAX: u32 = 100_000;

/// How often something may be done: `"100 / minute per user"`, or a table with that as its `limit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateOptions {
    /// `100 / minute per user`: per `user`, `key`, `ip`, `ip/56` (the bits that count of an IPv6
    /// address; 64, if not said), `header NAME`, or for all of the route together. A route may also
    /// give the name of one of the `rates`.
    pub limit: String,
    /// The Redis through which gateways share it. Each counts for itself, if not given.
    pub shared: Option<String>,
    /// `off`, `observe` or `enforce`, which it is if not given.
    pub mode: Mode,
    /// Keys that are told apart; when there are more, those that have used least are forgotten.
    /// 100 000, if not given.
    pub keys_max: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WholeRate {
    limit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<String>,
    #[serde(default, skip_serializing_if = "is_enforced")]
    mode: Mode,
    #[serde(default = "keys_max", skip_serializing_if = "is_keys_max")]
    keys_max: u32,
}

const fn keys_max() -> u32 {
    KEYS_MAX
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_keys_max(keys: &u32) -> bool {
    *keys == KEYS_MAX
}

impl Short for RateOptions {
    const LIKE: &'static str = "a limit is like `\"100 / minute per user\"`";
    type Whole = WholeRate;

    fn short(text: &str) -> Self {
        Self { limit: text.to_owned(), shared: None, mode: Mode::Enforce, keys_max: KEYS_MAX }
    }
}

impl From<WholeRate> for RateOptions {
    fn from(WholeRate { limit, shared, mode, keys_max }: WholeRate) -> Self {
        Self { limit, shared, mode, keys_max }
    }
}

impl Serialize for RateOptions {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if *self == Self::short(&self.limit) {
            return to.serialize_str(&self.limit);
        }
        let Self { limit, shared, mode, keys_max } = self.clone();
        WholeRate { limit, shared, mode, keys_max }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for RateOptions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(from)
    }
}

/// How many requests may be under way: `"5 per user"`, or a table with that as its `limit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcurrencyOptions {
    /// `5 per user`; what it is per is said as for a rate.
    pub limit: String,
    /// `off`, `observe` or `enforce`, which it is if not given.
    pub mode: Mode,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WholeConcurrency {
    limit: String,
    #[serde(default, skip_serializing_if = "is_enforced")]
    mode: Mode,
}

impl Short for ConcurrencyOptions {
    const LIKE: &'static str = "a limit is like `\"5 per user\"`";
    type Whole = WholeConcurrency;

    fn short(text: &str) -> Self {
        Self { limit: text.to_owned(), mode: Mode::Enforce }
    }
}

impl From<WholeConcurrency> for ConcurrencyOptions {
    fn from(WholeConcurrency { limit, mode }: WholeConcurrency) -> Self {
        Self { limit, mode }
    }
}

impl Serialize for ConcurrencyOptions {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.mode {
            Mode::Enforce => to.serialize_str(&self.limit),
            mode => WholeConcurrency { limit: self.limit.clone(), mode }.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for ConcurrencyOptions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(from)
    }
}

/// A Redis through which gateways share limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisOptions {
    /// `redis://127.0.0.1:6379`, and `/1` behind it for another database; `rediss://host:6379` anywhere
    /// but on this machine.
    pub url: String,
    /// The most gateways that share it: while Redis is gone, each keeps to this part of a limit.
    pub gateways: u32,
    /// How long a request waits for it. 5 ms, if not given.
    #[serde(default = "five_millis", with = "human::required")]
    pub wait: Duration,
    /// Its user, if it has users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The file that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Authorities, PEM, that sign its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<PathBuf>,
    /// What the names of its entries begin with. `ondol:rate`, if not given.
    #[serde(default = "prefix")]
    pub prefix: String,
}

const fn five_millis() -> Duration {
    Duration::from_millis(5)
}

fn prefix() -> String {
    "ondol:rate".to_owned()
}
