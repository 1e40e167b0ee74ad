//! What a breaker may be told.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use crate::{Mode, Problems, WindowOptions};

/// When a breaker opens, for how long, and how it comes back.
///
/// It opens when *any* of the four criteria is met; at least one must be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerOptions {
    /// How far it may go.
    pub mode: Mode,
    /// Opens after this many failures in a row. A 429 neither adds to the row nor ends it.
    #[serde(with = "crate::or_off")]
    pub failures_in_a_row: Option<u32>,
    /// Opens when this share of calls fails. A 429 counts.
    #[serde(with = "crate::or_off")]
    pub failure_rate: Option<RateRule>,
    /// Opens when this share of calls is slow, whether they fail or not.
    #[serde(with = "crate::or_off")]
    pub slow_calls: Option<SlowRule>,
    /// Opens when this many calls are in flight for longer than they should be, without waiting for
    /// them to end.
    #[serde(with = "crate::or_off")]
    pub stuck_calls: Option<StuckRule>,
    /// Over what `failure_rate` and `slow_calls` are measured.
    pub window: WindowOptions,
    /// How long it stays open.
    pub open: OpenOptions,
    /// How it probes.
    pub half_open: HalfOpenOptions,
    /// The steps in which traffic grows after the probes; empty: from the probes straight to closed.
    pub recovery: Vec<StepOptions>,
}

/// A share of calls that fail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRule {
    /// From this share on; 0.5 is half.
    pub share: f64,
    /// Not judged before the window holds this many calls.
    pub minimum_calls: u32,
}

/// A share of calls that are slow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowRule {
    /// A call is slow when it takes longer than this.
    #[serde(with = "human::required")]
    pub slower_than: Duration,
    /// From this share on.
    pub share: f64,
    /// Not judged before the window holds this many calls.
    pub minimum_calls: u32,
}

/// A number of calls that have not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StuckRule {
    /// A call is stuck when it is in flight for longer than this, give or take an eighth.
    #[serde(with = "human::required")]
    pub longer_than: Duration,
    /// From this many on.
    pub calls: u32,
}

/// How long a breaker stays open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenOptions {
    /// The first time.
    #[serde(with = "human::required")]
    pub lasts: Duration,
    /// Each time it opens again without having closed, longer by this factor.
    pub growth: f64,
    /// And never longer than this, whatever the growth, the jitter or a `Retry-After` say.
    #[serde(with = "human::required")]
    pub lasts_max: Duration,
    /// Longer by up to this share, by chance, so that many breakers do not probe at once.
    pub jitter: f64,
    /// Whether to stay open for at least as long as the failing answer's `Retry-After` asks.
    pub honour_retry_after: bool,
}

/// How a half-open breaker probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HalfOpenOptions {
    /// At most this many probes at once.
    pub probes_max: u32,
    /// It goes on after this many successful probes; a single failing one opens it again.
    pub successes: u32,
    /// Probes that have not decided it after this time have failed: it opens again.
    #[serde(with = "human::required")]
    pub wait_max: Duration,
}

/// A step of recovery: a share of traffic, and what must be seen before the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepOptions {
    /// The share of calls let through; 0.1 is 10 %.
    pub share: f64,
    /// Judged after this many results.
    #[serde(default = "StepOptions::default_calls")]
    pub calls: u32,
    /// And not before this time.
    #[serde(default, with = "human::required")]
    pub lasts: Duration,
    /// Passed when at most this share of its calls failed, were slow or were throttled; otherwise
    /// the breaker opens again, as soon as that is certain.
    #[serde(default = "StepOptions::default_failures_max")]
    pub failures_max: f64,
    /// If it is not judged by then, calls that have not come back count as failed.
    #[serde(default = "StepOptions::default_wait_max", with = "human::required")]
    pub wait_max: Duration,
}

impl StepOptions {
    /// A step with the ordinary criteria.
    pub const fn of(share: f64) -> Self {
        Self {
            share,
            calls: Self::default_calls(),
            lasts: Duration::ZERO,
            failures_max: Self::default_failures_max(),
            wait_max: Self::default_wait_max(),
        }
    }

    const fn default_calls() -> u32 {
        20
    }

    const fn default_failures_max() -> f64 {
        0.1
    }

    const fn default_wait_max() -> Duration {
        Duration::from_secs(60)
    }
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            failures_in_a_row: Some(5),
            failure_rate: None,
            slow_calls: None,
            stuck_calls: None,
            window: WindowOptions::default(),
            open: OpenOptions::default(),
            half_open: HalfOpenOptions::default(),
            recovery: [0.1, 0.5, 1.0].map(StepOptions::of).to_vec(),
        }
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            lasts: Duration::from_secs(30),
            growth: 2.0,
            lasts_max: Duration::from_secs(300),
            jitter: 0.1,
            honour_retry_after: true,
        }
    }
}

impl Default for HalfOpenOptions {
    fn default() -> Self {
        Self { probes_max: 1, successes: 1, wait_max: Duration::from_secs(10) }
    }
}

/// The most steps of recovery.
const STEPS_MAX: usize = 16;

impl BreakerOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        self.validate_criteria(&mut problems);
        self.validate_return(&mut problems);
        problems.into_result()
    }

    fn validate_criteria(&self, problems: &mut Problems) {
        if let Some(failures) = self.failures_in_a_row {
            problems.positive("failures_in_a_row", failures);
        }
        if let Some(rule) = self.failure_rate {
            problems.share("failure_rate.share", rule.share);
            self.validate_minimum("failure_rate.minimum_calls", rule.minimum_calls, problems);
        }
        if let Some(rule) = self.slow_calls {
            problems.share("slow_calls.share", rule.share);
            problems.some_time("slow_calls.slower_than", rule.slower_than);
            self.validate_minimum("slow_calls.minimum_calls", rule.minimum_calls, problems);
        }
        if let Some(rule) = self.stuck_calls {
            problems.positive("stuck_calls.calls", rule.calls);
            problems.some_time("stuck_calls.longer_than", rule.longer_than);
        }
        if self.failures_in_a_row.is_none() && !self.measures() && self.stuck_calls.is_none() {
            problems.add("", "has no criterion, so it would never open");
        }
        self.window.validate(problems);
    }

    /// A minimum that the window cannot hold would never be reached.
    fn validate_minimum(&self, at: &str, minimum: u32, problems: &mut Problems) {
        problems.positive(at, minimum);
        if let WindowOptions::Calls { calls } = self.window
            && minimum > calls
        {
            problems.add(at, format!("is {minimum}, more than the {calls} calls of the window"));
        }
    }

    fn validate_return(&self, problems: &mut Problems) {
        problems.some_time("open.lasts", self.open.lasts);
        problems.factor("open.growth", self.open.growth, 1.0);
        problems.share_or_none("open.jitter", self.open.jitter);
        if self.open.lasts_max < self.open.lasts {
            problems.add("open.lasts_max", "must be at least `open.lasts`");
        }
        problems.positive("half_open.probes_max", self.half_open.probes_max);
        problems.positive("half_open.successes", self.half_open.successes);
        problems.some_time("half_open.wait_max", self.half_open.wait_max);
        if self.recovery.len() > STEPS_MAX {
            problems.add("recovery", format!("must have at most {STEPS_MAX} steps"));
        }
        for (index, step) in self.recovery.iter().enumerate() {
            problems.share(&format!("recovery.{index}.share"), step.share);
            problems.positive(&format!("recovery.{index}.calls"), step.calls);
            problems.share_or_none(&format!("recovery.{index}.failures_max"), step.failures_max);
            problems.some_time(&format!("recovery.{index}.wait_max"), step.wait_max);
        }
        for (index, pair) in self.recovery.windows(2).enumerate() {
            if pair[1].share < pair[0].share {
                let at = format!("recovery.{}.share", index + 1);
                problems.add(at, "must not be smaller than the step before");
            }
        }
    }

    /// Whether calls are counted in the window.
    pub(super) const fn measures(&self) -> bool {
        self.failure_rate.is_some() || self.slow_calls.is_some()
    }

    /// Whether the start of a call must be known.
    pub(super) const fn times_calls(&self) -> bool {
        self.slow_calls.is_some() || self.stuck_calls.is_some()
    }

    /// Whether a call that took this long is slow.
    pub(super) fn is_slow(&self, took: Duration) -> bool {
        self.slow_calls.is_some_and(|rule| took > rule.slower_than)
    }
}
