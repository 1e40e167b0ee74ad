//! Latency and failures of one endpoint, the latest weighing most.

use std::time::Duration;

use super::BalancerOptions;
use crate::Tick;

/// How much the last outcome counts in the share of failures.
const OUTCOME_WEIGHT: f64 = 0.2;
/// The share of failures is taken to be at most this, or nothing would ever be sent there again.
const FAILING_MAX: f64 = 0.95;
/// What an endpoint is taken to need of which nothing is known: little, so that it is tried.
const UNKNOWN_SECONDS: f64 = 0.001;

#[derive(Debug, Default)]
pub(super) struct Load {
    /// Seconds.
    pub(super) latency: Option<f64>,
    pub(super) failing: f64,
    at: Tick,
}

impl Load {
    /// Takes an outcome. A slow answer counts in full at once, quick ones little by little; a failure
    /// says nothing about how quick the endpoint is, except that a slow one is slow.
    pub(super) fn take(
        &mut self,
        options: &BalancerOptions,
        now: Tick,
        took: Duration,
        failed: bool,
    ) {
        let kept = self.kept(options, now);
        let took = took.as_secs_f64();
        let before = self.latency;
        self.latency = Some(match (before, failed) {
            (Some(latency), true) => latency.max(took),
            (None, true) => options.failure_counts_as.as_secs_f64().max(took),
            (Some(latency), false) if took < latency => (latency - took).mul_add(kept, took),
            (_, false) => took,
        });
        let outcome = if failed { OUTCOME_WEIGHT } else { 0.0 };
        self.failing = (self.failing * kept).mul_add(1.0 - OUTCOME_WEIGHT, outcome);
        self.at = now;
    }

    /// What one more call there costs. It fades, so that an endpoint nobody chooses is tried again.
    pub(super) fn cost(&self, options: &BalancerOptions, now: Tick, in_flight: u32) -> f64 {
        let kept = self.kept(options, now);
        let seconds = self.latency.map_or(UNKNOWN_SECONDS, |latency| latency * kept);
        let working = 1.0 - (self.failing * kept).min(FAILING_MAX);
        seconds.max(f64::MIN_POSITIVE) * (f64::from(in_flight) + 1.0) / working.powi(4)
    }

    fn kept(&self, options: &BalancerOptions, now: Tick) -> f64 {
        (-now.since(self.at).as_secs_f64() / options.remember.as_secs_f64()).exp()
    }
}
