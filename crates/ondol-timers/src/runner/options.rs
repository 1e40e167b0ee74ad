//! How timers are fired.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How timers are fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunnerOptions {
    /// Timers that are read, fired and settled at a time.
    pub batch_timers_max: usize,
    /// Streams whose timers fire at the same time. Those of one stream never do.
    pub parallel_max: usize,
    /// Streams that may wait to be tried again; with more, nothing else fires until they go.
    pub held_max: usize,
    /// Milliseconds after which the time of day is read again, for it may have been set.
    pub look_again_ms: u64,
    /// Milliseconds after which the store is read again, for another may have written.
    pub read_again_ms: u64,
    /// Milliseconds before what has failed is tried again; doubled each time.
    pub retry_after_ms: u64,
    /// Milliseconds that this grows to at most.
    pub retry_after_max_ms: u64,
}

/// Why the options cannot be used: every problem there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of timers cannot be used: {}", .problems.join("; "))]
pub struct RunnerOptionsError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            batch_timers_max: 1_000,
            parallel_max: 64,
            held_max: 1_000,
            look_again_ms: 50,
            read_again_ms: 5_000,
            retry_after_ms: 100,
            retry_after_max_ms: 60_000,
        }
    }
}

impl RunnerOptions {
    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), RunnerOptionsError> {
        let rules = [
            (self.batch_timers_max == 0, "batch_timers_max is zero"),
            (self.parallel_max == 0, "parallel_max is zero"),
            (self.held_max == 0, "held_max is zero"),
            (self.look_again_ms == 0, "look_again_ms is zero"),
            (self.read_again_ms == 0, "read_again_ms is zero"),
            (self.retry_after_ms == 0, "retry_after_ms is zero"),
            (
                self.retry_after_max_ms < self.retry_after_ms,
                "retry_after_max_ms is under the first",
            ),
        ];
        let broken = rules.iter().filter(|(is_broken, _)| *is_broken);
        let problems: Vec<String> = broken.map(|(_, rule)| (*rule).to_owned()).collect();
        if problems.is_empty() { Ok(()) } else { Err(RunnerOptionsError { problems }) }
    }

    pub(super) const fn look_again(&self) -> Duration {
        Duration::from_millis(self.look_again_ms)
    }

    pub(super) const fn read_again(&self) -> Duration {
        Duration::from_millis(self.read_again_ms)
    }

    pub(super) const fn retry_after(&self) -> Duration {
        Duration::from_millis(self.retry_after_ms)
    }

    /// How long to wait after so many tries.
    pub(super) fn backoff(&self, tries: u32) -> Duration {
        let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = Duration::from_millis(self.retry_after_max_ms);
        self.retry_after().checked_mul(factor).map_or(most, |wait| wait.min(most))
    }
}
