//! The tables of a route that let a new build prove itself beside the one that serves.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use ondol_resilience::Mode;
use serde::{Deserialize, Serialize};

/// A new build that gets more and more of a route's requests while it does as well as the old one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryOptions {
    /// The backend that serves: the baseline.
    pub from: String,
    /// The backend with the new build: the candidate.
    pub to: String,
    /// What is being tried. Another name begins anew, also after a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Percent of the requests that the candidate gets, one after the other. The last is 100.
    #[serde(default = "steps")]
    pub steps: Vec<u8>,
    /// How often it is judged.
    #[serde(default = "minute", with = "human::required")]
    pub every: Duration,
    /// Good intervals before the next step.
    #[serde(default = "one")]
    pub holds: u32,
    /// Answers of each side without which there is nothing to judge by.
    #[serde(default = "hundred")]
    pub samples_min: u64,
    /// Intervals in a row with too few answers after which it is rolled back.
    #[serde(default = "two")]
    pub missing_max: u32,
    /// How much less of the candidate's answers may be good: 0.01 is one in a hundred.
    #[serde(default = "hundredth")]
    pub success_drop_max: f64,
    /// Below this share of good answers the baseline is ill itself, and nothing is concluded.
    #[serde(default = "half")]
    pub baseline_success_min: f64,
    /// How many times the baseline's 99th percentile the candidate's may be …
    #[serde(default = "fifth_more")]
    pub p99_growth_max: f64,
    /// … and how much longer beyond that.
    #[serde(default = "twenty_millis", with = "human::required")]
    pub p99_slack: Duration,
    /// `observe` says what it would do and does not do it; `off` does not judge. In both, steps are
    /// taken by hand.
    #[serde(default)]
    pub mode: Mode,
}

fn steps() -> Vec<u8> {
    vec![10, 25, 50, 100]
}

const fn minute() -> Duration {
    Duration::from_secs(60)
}

const fn twenty_millis() -> Duration {
    Duration::from_millis(20)
}

const fn one() -> u32 {
    1
}

const fn two() -> u32 {
    2
}

const fn hundred() -> u64 {
    100
}

const fn hundredth() -> f64 {
    0.01
}

const fn half() -> f64 {
    0.5
}

const fn fifth_more() -> f64 {
    1.2
}
