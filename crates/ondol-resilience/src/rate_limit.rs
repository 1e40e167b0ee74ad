//! Rate limit: so many calls per period for each key, with a burst.
//!
//! GCRA, the leaky bucket in one number per key: the moment at which the key's bucket will be empty
//! again. A call is allowed if that moment is not further ahead than the burst. Nothing runs in the
//! background, and a key that has been quiet for as long as its burst is worth needs no memory.
//!
//! Limits: the table holds `keys_max` keys; when all of them are active, further keys share *one*
//! bucket, so that whoever invents keys limits himself and cannot grow the table. A key is known by
//! a 64-bit hash with a secret seed. The rate holds for this process; one shared between processes
//! is for a service that keeps it.

mod gcra;
mod layer;
mod table;

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
    time::Duration,
};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

pub use self::{
    gcra::Quota,
    layer::{ByKey, OneKey, RateLimitLayer},
};
use self::{gcra::SharedRate, table::Table};
use crate::{
    Doors, Mode, Problems, Reason, Rejected,
    counters::Counter,
    policy::{Core, handle},
};

/// How many calls, and for how many keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitOptions {
    /// How far it may go.
    pub mode: Mode,
    /// So many calls for each key …
    pub calls: u32,
    /// … in this time, evenly.
    #[serde(with = "human::required")]
    pub per: Duration,
    /// And so many at once after a quiet time.
    pub burst: u32,
    /// The most keys that are told apart.
    pub keys_max: u32,
}

impl Default for RateLimitOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            calls: 100,
            per: Duration::from_secs(1),
            burst: 100,
            keys_max: 100_000,
        }
    }
}

impl RateLimitOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.positive("calls", self.calls);
        problems.some_time("per", self.per);
        problems.positive("burst", self.burst);
        problems.range("keys_max", self.keys_max, 1, 10_000_000);
        if self.calls > 0 && self.per.as_nanos() < u128::from(self.calls) {
            problems.add("per", "must be at least a nanosecond for each call");
        }
        problems.into_result()
    }
}

/// A rate limit as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RateLimitState {
    /// Keys that are told apart now, some of which may be quiet.
    pub keys: u64,
    /// Calls that were allowed.
    pub allowed: u64,
    /// Calls that were rejected.
    pub rejected: u64,
    /// Calls that would have been rejected, were it not only observing.
    pub would_reject: u64,
    /// Calls whose key found no room in the table and shared a bucket.
    pub shared: u64,
}

/// A rate limit. Clones are the same limit.
#[derive(Debug, Clone)]
pub struct RateLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<RateLimitOptions>,
    /// The rate of the options as nanoseconds: it is read on every call.
    rate: SharedRate,
    hasher: RandomState,
    table: Table,
    allowed: Counter,
    rejected: Counter,
    would_reject: Counter,
    shared: Counter,
}

impl RateLimit {
    /// A rate limit that has seen no calls.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: RateLimitOptions, doors: &Doors) -> Result<Self, Problems> {
        let core = Core::new(name, options, doors)?;
        Ok(Self(Arc::new(Inner {
            rate: SharedRate::new(&core.options.load()),
            core,
            hasher: RandomState::new(),
            table: Table::new(),
            allowed: Counter::default(),
            rejected: Counter::default(),
            would_reject: Counter::default(),
            shared: Counter::default(),
        })))
    }

    /// Takes one call from the key's allowance.
    ///
    /// # Errors
    /// A [`Rejected`] with the time until one is there.
    pub fn check(&self, key: &impl Hash) -> Result<Quota, Rejected> {
        let inner = &*self.0;
        let mode = inner.core.mode();
        let (rate, keys_max) = inner.rate.load();
        if mode == Mode::Off {
            return Ok(rate.untouched());
        }
        let hash = inner.hasher.hash_one(key);
        let now = inner.core.doors.time.now();
        let taken = inner.table.with(hash, now, keys_max, |empty_at, shared| {
            if shared {
                inner.shared.add_one();
            }
            rate.take(empty_at, now)
        });
        match taken {
            Ok(quota) => {
                inner.allowed.add_one();
                Ok(quota)
            }
            Err(wait) if mode == Mode::Enforce => {
                inner.rejected.add_one();
                Err(Rejected {
                    policy: Arc::clone(&inner.core.name),
                    reason: Reason::RateLimited,
                    retry_after: Some(wait),
                })
            }
            Err(wait) => {
                inner.would_reject.add_one();
                Ok(rate.exhausted(wait))
            }
        }
    }

    /// The layer with one key for all; [`RateLimitLayer::by`] tells keys apart.
    pub fn layer(&self) -> RateLimitLayer<OneKey> {
        RateLimitLayer::new(self.clone())
    }

    /// The limit as it is now.
    pub fn state(&self) -> RateLimitState {
        RateLimitState {
            keys: self.0.table.len(),
            allowed: self.0.allowed.get(),
            rejected: self.0.rejected.get(),
            would_reject: self.0.would_reject.get(),
            shared: self.0.shared.get(),
        }
    }

    fn core(&self) -> &Core<RateLimitOptions> {
        &self.0.core
    }

    fn apply(&self, options: RateLimitOptions) {
        self.0.rate.store(&options);
        self.0.core.store(Arc::new(options));
    }
}

handle!(RateLimit, RateLimitOptions);
