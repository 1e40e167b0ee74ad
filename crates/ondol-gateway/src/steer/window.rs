//! How a backend has done over a stretch of time: how many answers were good, and how long they took.
//!
//! Times are counted in buckets that are a sixteenth of their power of two wide, so that a percentile is
//! right to about six percent, whatever it is. Counting is an addition to an atomic.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Buckets in each power of two.
const FINE: u64 = 16;
/// What takes less than this many microseconds is counted as that.
const MICROS_MIN: u64 = 64;
/// Powers of two: up to more than an hour.
const POWERS: usize = 26;
const BUCKETS: usize = 416;
const _: () = assert!(BUCKETS == POWERS * 16, "sixteen for each power of two");

/// Counts that grow.
#[derive(Debug)]
pub(crate) struct Counting {
    buckets: [AtomicU64; BUCKETS],
    failed: AtomicU64,
    cut: AtomicU64,
}

impl Default for Counting {
    fn default() -> Self {
        let buckets = [const { AtomicU64::new(0) }; BUCKETS];
        Self { buckets, failed: AtomicU64::new(0), cut: AtomicU64::new(0) }
    }
}

impl Counting {
    /// A good answer began after so long.
    pub(crate) fn succeeded(&self, took: Duration) {
        self.buckets[bucket(took)].fetch_add(1, Ordering::Relaxed);
    }

    /// There was no answer, or none that is any good.
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// An answer that began well ended before its end.
    pub(crate) fn cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// What has been counted, which is counted no more.
    pub(crate) fn take(&self) -> Window {
        let taken = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        let buckets = self.buckets.iter().enumerate();
        let buckets = buckets.map(|(at, counter)| (at, taken(counter)));
        let times = buckets.filter(|(_, number)| *number > 0).collect();
        Window { times, failed: taken(&self.failed), cut: taken(&self.cut) }
    }
}

/// What was counted over a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Good answers by the bucket of their time, where there were any; in order.
    times: Vec<(usize, u64)>,
    failed: u64,
    cut: u64,
}

impl Window {
    fn began_well(&self) -> u64 {
        self.times.iter().map(|(_, number)| number).sum()
    }

    /// All answers, good or not.
    pub(crate) fn all(&self) -> u64 {
        self.began_well() + self.failed
    }

    /// Those that were no good.
    pub(crate) fn bad(&self) -> u64 {
        self.failed + self.cut.min(self.began_well())
    }

    /// The time below which 99 of 100 good answers began: the upper end of its bucket.
    pub(crate) fn p99(&self) -> Duration {
        self.percentile(99)
    }

    /// The time below which so many of 100 good answers began.
    pub(crate) fn percentile(&self, percent: u64) -> Duration {
        let all = self.began_well();
        let rank = (all * percent).div_ceil(100);
        let mut seen = 0;
        for (at, number) in &self.times {
            seen += number;
            if seen >= rank {
                return Duration::from_micros(begin(*at + 1));
            }
        }
        Duration::ZERO
    }

    /// Good answers that surely took longer than this.
    pub(crate) fn slower_than(&self, limit: Duration) -> u64 {
        let limit = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        let slower = self.times.iter().filter(|(at, _)| begin(*at) >= limit);
        slower.map(|(_, number)| number).sum()
    }

    /// Answers that began well.
    pub(crate) fn timed(&self) -> u64 {
        self.began_well()
    }

    /// Both stretches as one.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut times = self.times.clone();
        for (at, number) in &other.times {
            match times.binary_search_by_key(at, |(at, _)| *at) {
                Ok(place) => times[place].1 += number,
                Err(place) => times.insert(place, (*at, *number)),
            }
        }
        Self { times, failed: self.failed + other.failed, cut: self.cut + other.cut }
    }
}

fn bucket(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(MICROS_MIN);
    let power = micros.ilog2() - MICROS_MIN.ilog2();
    let within = (micros >> (power + MICROS_MIN.ilog2() - FINE.ilog2())) - FINE;
    let at = u64::from(power) * FINE + within;
    usize::try_from(at).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// Where a bucket begins, in microseconds.
fn begin(at: usize) -> u64 {
    let at = u64::try_from(at.min(BUCKETS)).unwrap_or(0);
    let (power, within) = (at / FINE, at % FINE);
    (FINE + within) << (power + u64::from(MICROS_MIN.ilog2() - FINE.ilog2()))
}

#[cfg(test)]
mod tests;
