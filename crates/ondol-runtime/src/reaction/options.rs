//! How reactions work: how much at a time, how often again.

use std::time::Duration;

use ondol_domain::Problems;
use serde::{Deserialize, Serialize};

/// How reactions work. The defaults suit most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReactionOptions {
    /// How many events are dealt with at the same time.
    pub in_flight_max: usize,
    /// How many events are held at all, those that wait for others of their stream included.
    pub pending_max: usize,
    /// How many events are read at a time.
    pub page_events_max: usize,
    /// How often an event is tried before its stream is parked.
    pub tries_max: u32,
    /// How long to wait before the second try; twice as long after each.
    pub pause_min: Duration,
    /// The longest wait between two tries.
    pub pause_max: Duration,
    /// How often the checkpoint is saved.
    pub save_every: Duration,
    /// How long a feed is asked to wait for something to happen.
    pub wait: Duration,
    /// How many parked streams are worked off at the same time.
    pub drains_max: usize,
    /// How long what has begun may take to finish when all stops.
    pub finish_longest: Duration,
}

/// What is wrong with the options of reactions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option} is {rule}")]
pub struct ReactionOptionsProblem {
    /// Which option.
    pub option: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

impl Default for ReactionOptions {
    fn default() -> Self {
        Self {
            in_flight_max: 1_024,
            pending_max: 8_192,
            page_events_max: 1_000,
            tries_max: 5,
            pause_min: Duration::from_millis(20),
            pause_max: Duration::from_secs(5),
            save_every: Duration::from_millis(500),
            wait: Duration::from_secs(10),
            drains_max: 4,
            finish_longest: Duration::from_secs(5),
        }
    }
}

impl ReactionOptions {
    /// Checks the options, all of them.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn validate(&self) -> Result<(), Problems<ReactionOptionsProblem>> {
        let rules = [
            ("in_flight_max", "at least 1", self.in_flight_max == 0),
            ("pending_max", "at least in_flight_max", self.pending_max < self.in_flight_max),
            ("page_events_max", "at least 1", self.page_events_max == 0),
            ("tries_max", "at least 1", self.tries_max == 0),
            ("pause_min", "more than nothing", self.pause_min.is_zero()),
            ("pause_max", "at least pause_min", self.pause_max < self.pause_min),
            ("save_every", "more than nothing", self.save_every.is_zero()),
            ("drains_max", "at least 1", self.drains_max == 0),
        ];
        let found = rules.into_iter().filter(|(.., is_broken)| *is_broken);
        let found = found.map(|(option, rule, _)| ReactionOptionsProblem { option, rule });
        Problems::none_in("the options of reactions", found.collect())
    }

    /// How long to wait after so many failures in a row.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let doubled = self.pause_min.saturating_mul(1 << failures.saturating_sub(1).min(20));
        doubled.min(self.pause_max)
    }
}
