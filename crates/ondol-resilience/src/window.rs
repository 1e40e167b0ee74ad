//! What happened lately: counts of calls, failures and slow calls over a window.
//!
//! A window is either the last *n* calls or the last *t* of time. Both are rings of atomics: a call
//! is recorded without a lock, and the tally returned to it contains it and all that were recorded
//! before it.

mod by_calls;
mod by_time;

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use self::by_calls::CallRing;
pub(crate) use self::by_time::TimeRing;
use crate::{Problems, Tick};

/// The most calls a window over calls may hold: its fields have 20 bits.
const CALLS_MAX: u32 = 100_000;
/// The most slices a window over time may have.
const SLICES_MAX: u32 = 120;

/// Over what failures are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "over", rename_all = "snake_case", deny_unknown_fields)]
pub enum WindowOptions {
    /// The last calls.
    Calls {
        /// How many.
        calls: u32,
    },
    /// The last stretch of time.
    Time {
        /// How long.
        #[serde(with = "human::required")]
        length: Duration,
        /// In how many slices it moves on: it covers the slice that runs now and the ones before it.
        #[serde(default = "ten")]
        slices: u32,
    },
}

const fn ten() -> u32 {
    10
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self::Time { length: Duration::from_secs(10), slices: ten() }
    }
}

impl WindowOptions {
    pub(crate) fn validate(&self, problems: &mut Problems) {
        match *self {
            Self::Calls { calls } => {
                problems.range("window.calls", calls, 1, CALLS_MAX.into());
            }
            Self::Time { length, slices } => {
                problems.range("window.slices", slices, 1, SLICES_MAX.into());
                if length < Duration::from_millis(1).saturating_mul(slices) {
                    problems.add("window.length", "must be at least a millisecond for each slice");
                }
            }
        }
    }
}

/// Counts over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// All calls.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
    /// Those that were slow.
    pub slow: u64,
}

impl Tally {
    /// The share of calls that failed.
    pub fn failure_share(self) -> f64 {
        share(self.failures, self.calls)
    }

    /// The share of calls that were slow.
    pub fn slow_share(self) -> f64 {
        share(self.slow, self.calls)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls in a window are far below 2^52")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A window in either form.
#[derive(Debug)]
pub(crate) enum Window {
    Calls(CallRing),
    Time(TimeRing),
}

impl Window {
    pub(crate) fn new(options: &WindowOptions) -> Self {
        match *options {
            WindowOptions::Calls { calls } => Self::Calls(CallRing::new(calls)),
            WindowOptions::Time { length, slices } => Self::Time(TimeRing::new(length, slices)),
        }
    }

    /// Whether [`Window::record`] looks at its `now`.
    pub(crate) const fn reads_time(&self) -> bool {
        matches!(self, Self::Time(_))
    }

    /// Records a call that ended `now`; the tally contains it.
    pub(crate) fn record(&self, now: Tick, failed: bool, slow: bool) -> Tally {
        match self {
            Self::Calls(ring) => ring.record(failed, slow),
            Self::Time(ring) => ring.record(now, failed, slow),
        }
    }

    /// The tally as of `now`.
    pub(crate) fn tally(&self, now: Tick) -> Tally {
        match self {
            Self::Calls(ring) => ring.tally(),
            Self::Time(ring) => ring.tally(now),
        }
    }
}

#[cfg(test)]
mod tests;
