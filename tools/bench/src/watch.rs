//! Elapsed time and latencies: the only clock a bench program needs.

use std::time::{Duration, Instant};

/// Measures real elapsed time.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    started: Instant,
}

impl Stopwatch {
    /// Starts measuring now.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many a second, when `count` things have been done since the start.
    pub fn rate(&self, count: u64) -> f64 {
        float(count) / self.elapsed().as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// How long single operations took, for percentiles.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    nanos: Vec<u64>,
}

impl Latencies {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one operation.
    pub fn record(&mut self, took: Duration) {
        self.nanos.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds all of another's operations, such as another task's.
    pub fn merge(&mut self, other: Self) {
        self.nanos.extend(other.nanos);
    }

    /// The latency that `share` of the operations did not exceed (0.5 is the median), in milliseconds;
    /// zero when nothing was recorded.
    pub fn millis(&mut self, share: f64) -> f64 {
        self.nanos.sort_unstable();
        let index = rank(self.nanos.len(), share).saturating_sub(1);
        self.nanos.get(index).map_or(0.0, |&nanos| float(nanos) / 1e6)
    }
}

/// The nearest rank: the smallest place, counted from one, that `share` of `count` values reach.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 <= share * count <= count"
)]
fn rank(count: usize, share: f64) -> usize {
    (share.clamp(0.0, 1.0) * float(count as u64)).ceil() as usize
}

/// A count as a measured number.
#[expect(
    clippy::cast_precision_loss,
    reason = "a benchmark's figures have far fewer digits than 2^52"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
