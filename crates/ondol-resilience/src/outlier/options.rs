//! What an outlier detector may be told.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use crate::{Mode, Problems};

/// When an endpoint goes out of the rotation, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutlierOptions {
    /// How far it may go.
    pub mode: Mode,
    /// Out after this many failing answers in a row.
    #[serde(with = "crate::or_off")]
    pub upstream_failures_in_a_row: Option<u32>,
    /// Out after this many calls in a row that failed on the way: no connection, no answer in time.
    #[serde(with = "crate::or_off")]
    pub local_failures_in_a_row: Option<u32>,
    /// Out when it succeeds far less than the others.
    #[serde(with = "crate::or_off")]
    pub success_rate: Option<SuccessRateRule>,
    /// Out when it fails too much, whatever the others do.
    #[serde(with = "crate::or_off")]
    pub failure_share: Option<FailureShareRule>,
    /// How often the shares are judged.
    #[serde(with = "human::required")]
    pub every: Duration,
    /// How long it stays out the first time; the second time twice as long, and so on.
    #[serde(with = "human::required")]
    pub out_for: Duration,
    /// The longest it stays out.
    #[serde(with = "human::required")]
    pub out_for_max: Duration,
    /// At most this share of all is out at a time.
    pub out_share_max: f64,
}

/// A success rate far below the others'.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessRateRule {
    /// Only judged when this many endpoints had enough calls.
    pub hosts_min: u32,
    /// Enough calls in an interval.
    pub calls_min: u32,
    /// Below the mean by so many standard deviations.
    pub deviations: f64,
}

impl Default for SuccessRateRule {
    fn default() -> Self {
        Self { hosts_min: 5, calls_min: 100, deviations: 1.9 }
    }
}

/// A share of failures that is too high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailureShareRule {
    /// From this share on.
    pub share: f64,
    /// Enough calls in an interval.
    pub calls_min: u32,
}

impl Default for FailureShareRule {
    fn default() -> Self {
        Self { share: 0.85, calls_min: 50 }
    }
}

impl Default for OutlierOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            upstream_failures_in_a_row: Some(5),
            local_failures_in_a_row: Some(5),
            success_rate: Some(SuccessRateRule::default()),
            failure_share: Some(FailureShareRule::default()),
            every: Duration::from_secs(10),
            out_for: Duration::from_secs(30),
            out_for_max: Duration::from_secs(300),
            out_share_max: 0.5,
        }
    }
}

impl OutlierOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for (at, row) in [
            ("upstream_failures_in_a_row", self.upstream_failures_in_a_row),
            ("local_failures_in_a_row", self.local_failures_in_a_row),
        ] {
            problems.positive(at, row.unwrap_or(1));
        }
        if let Some(rule) = self.success_rate {
            problems.range("success_rate.hosts_min", rule.hosts_min, 2, 10_000);
            problems.positive("success_rate.calls_min", rule.calls_min);
            problems.factor("success_rate.deviations", rule.deviations, 0.0);
        }
        if let Some(rule) = self.failure_share {
            problems.share("failure_share.share", rule.share);
            problems.positive("failure_share.calls_min", rule.calls_min);
        }
        problems.some_time("every", self.every);
        problems.some_time("out_for", self.out_for);
        if self.out_for_max < self.out_for {
            problems.add("out_for_max", "must be at least `out_for`");
        }
        problems.share_or_none("out_share_max", self.out_share_max);
        problems.into_result()
    }

    /// How many of so many endpoints may be out.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a number of endpoints"
    )]
    pub(super) fn most_out(&self, hosts: usize) -> usize {
        (hosts as f64 * self.out_share_max) as usize
    }
}
