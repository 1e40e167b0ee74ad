//! What a retry policy may be told.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use crate::{Mode, Problems, budget::BudgetOptions};

/// How often, how soon, and how much in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryOptions {
    /// How far it may go.
    pub mode: Mode,
    /// The most attempts, the first among them.
    pub attempts_max: u32,
    /// The longest wait before the second attempt.
    #[serde(with = "human::required")]
    pub backoff_first: Duration,
    /// The longest wait grows by this factor with each attempt …
    pub backoff_growth: f64,
    /// … up to this.
    #[serde(with = "human::required")]
    pub backoff_max: Duration,
    /// All attempts and waits together end within this time.
    #[serde(with = "crate::or_off::duration")]
    pub within: Option<Duration>,
    /// A `Retry-After` longer than this is not waited for: the failure is the answer.
    #[serde(with = "human::required")]
    pub retry_after_max: Duration,
    /// How many retries there may be in all.
    pub budget: BudgetOptions,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            attempts_max: 3,
            backoff_first: Duration::from_millis(50),
            backoff_growth: 2.0,
            backoff_max: Duration::from_secs(2),
            within: Some(Duration::from_secs(10)),
            retry_after_max: Duration::from_secs(5),
            budget: BudgetOptions::default(),
        }
    }
}

/// The most attempts that may be asked for.
const ATTEMPTS_MAX: u64 = 20;

impl RetryOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.range("attempts_max", self.attempts_max, 1, ATTEMPTS_MAX);
        problems.factor("backoff_growth", self.backoff_growth, 1.0);
        if self.backoff_max < self.backoff_first {
            problems.add("backoff_max", "must be at least `backoff_first`");
        }
        if let Some(within) = self.within {
            problems.some_time("within", within);
        }
        self.budget.validate(&mut problems);
        problems.into_result()
    }

    /// The longest wait after this attempt.
    pub(super) fn backoff(&self, attempt: u32) -> Duration {
        let growth = self.backoff_growth.powi(i32::try_from(attempt).unwrap_or(i32::MAX));
        let longest = self.backoff_first.as_secs_f64() * growth;
        Duration::from_secs_f64(longest.min(self.backoff_max.as_secs_f64()))
    }
}
