//! The arithmetic of one key's allowance.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use super::RateLimitOptions;
use crate::{Tick, clock::nanos};

/// What a key may still do, for the `RateLimit` headers of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls at once after a quiet time.
    pub limit: u32,
    /// Calls left now.
    pub remaining: u32,
    /// Until all are there again.
    pub reset: Duration,
}

/// A rate as nanoseconds: what one call costs, and what a full burst is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    cost: u64,
    burst: u32,
}

/// A rate that all calls read and a change of options writes. For a moment a call may see a new cost
/// with an old burst, which is as good as having come a moment earlier or later.
#[derive(Debug)]
pub(super) struct SharedRate {
    cost: AtomicU64,
    burst: AtomicU32,
    keys_max: AtomicU32,
}

impl SharedRate {
    pub(super) fn new(options: &RateLimitOptions) -> Self {
        Self {
            cost: AtomicU64::new(Rate::of(options).cost),
            burst: AtomicU32::new(options.burst),
            keys_max: AtomicU32::new(options.keys_max),
        }
    }

    pub(super) fn store(&self, options: &RateLimitOptions) {
        self.cost.store(Rate::of(options).cost, Ordering::Release);
        self.burst.store(options.burst, Ordering::Release);
        self.keys_max.store(options.keys_max, Ordering::Release);
    }

    /// The rate, and the most keys that are told apart.
    pub(super) fn load(&self) -> (Rate, u32) {
        let cost = self.cost.load(Ordering::Acquire);
        let burst = self.burst.load(Ordering::Acquire);
        (Rate { cost, burst }, self.keys_max.load(Ordering::Acquire))
    }
}

impl Rate {
    fn of(options: &RateLimitOptions) -> Self {
        let cost = (nanos(options.per) / u64::from(options.calls)).max(1);
        Self { cost, burst: options.burst }
    }

    /// Takes one call, moving the time at which the bucket is empty; or says how long to wait.
    pub(super) fn take(self, empty_at: &mut u64, now: Tick) -> Result<Quota, Duration> {
        let now = now.as_nanos();
        let full = self.cost.saturating_mul(self.burst.into());
        // Not further ahead than full: a change to a smaller burst must not punish for the larger.
        let level = (*empty_at).saturating_sub(now).min(full);
        let after = level.saturating_add(self.cost);
        if after > full {
            return Err(Duration::from_nanos(after - full));
        }
        *empty_at = now.saturating_add(after);
        let remaining = u32::try_from((full - after) / self.cost).unwrap_or(u32::MAX);
        Ok(Quota { limit: self.burst, remaining, reset: Duration::from_nanos(after) })
    }

    /// What a key may do that has done nothing.
    pub(super) const fn untouched(self) -> Quota {
        Quota { limit: self.burst, remaining: self.burst, reset: Duration::ZERO }
    }

    /// What a key may do that has done too much.
    pub(super) const fn exhausted(self, wait: Duration) -> Quota {
        Quota { limit: self.burst, remaining: 0, reset: wait }
    }
}
