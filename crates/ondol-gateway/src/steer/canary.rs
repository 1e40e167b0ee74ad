//! What becomes of a new build: a pure function of how it and the old one have done.
//!
//! Each interval the two are held against each other. A difference counts when it is larger than what
//! is allowed *and* larger than what chance alone would bring: a build that is as good as the old one
//! is not thrown out for one unlucky request. Too few answers conclude nothing; when that lasts, the
//! build is rolled back, since nobody knows how it is.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::config::CanaryOptions;

/// How many standard deviations apart is not chance any more: one in a hundred good builds or fewer.
const BEYOND_CHANCE: f64 = 2.33;
/// What the 99th percentile leaves above it.
const ABOVE_P99: f64 = 0.01;
/// Moves that are remembered.
const MOVES_MAX: usize = 32;

/// How far a canary has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// It gets more step by step.
    Walking,
    /// It gets everything, and has held.
    Promoted,
    /// It gets nothing.
    RolledBack,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Walking => "walking",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// What was found when the two were held against each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    /// The candidate does as well.
    Good,
    /// Too many of its answers are no good.
    Failing { candidate: f64, baseline: f64 },
    /// Too many of its answers take too long.
    Slow { limit: Duration, p99: Duration },
    /// There are too few answers.
    Missing { candidate: u64, baseline: u64 },
    /// The baseline is ill itself.
    Excused { baseline: f64 },
}

impl Found {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Failing { .. } => "failing",
            Self::Slow { .. } => "slow",
            Self::Missing { .. } => "missing",
            Self::Excused { .. } => "excused",
        }
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Good => f.write_str("it does as well as the baseline"),
            Self::Failing { candidate, baseline } => {
                let (candidate, baseline) = (candidate * 100.0, baseline * 100.0);
                write!(
                    f,
                    "{candidate:.2} % of its answers are no good, {baseline:.2} % of the baseline's"
                )
            }
            Self::Slow { limit, p99 } => {
                let (p99, limit) = (p99.as_secs_f64() * 1e3, limit.as_secs_f64() * 1e3);
                write!(f, "its 99th percentile is {p99:.1} ms, {limit:.1} ms are allowed")
            }
            Self::Missing { candidate, baseline } => {
                write!(f, "too few answers: {candidate} of it, {baseline} of the baseline")
            }
            Self::Excused { baseline } => {
                write!(f, "only {:.2} % of the baseline's own answers are good", baseline * 100.0)
            }
        }
    }
}

/// One move, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    /// When, in microseconds since 1970.
    pub(crate) at_micros: i64,
    pub(crate) from: u8,
    pub(crate) to: u8,
    pub(crate) why: String,
}

/// Where a canary stands. It is all that has to be kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) stage: Stage,
    /// Percent of the requests that go to the candidate.
    pub(crate) share: u8,
    /// Whether it stays at this step until someone says otherwise. It is still rolled back when it fails.
    pub(crate) frozen: bool,
    /// Good intervals in a row at this step.
    pub(crate) good: u32,
    /// Intervals in a row with too few answers.
    pub(crate) missing: u32,
    /// How the baseline did when it last had anything to do: at 100 percent there is nothing else.
    reference: Window,
    /// How both have done in all intervals since it began.
    whole: (Window, Window),
    pub(crate) moves: VecDeque<Move>,
}

/// What became of an interval.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) found: Found,
    pub(crate) progress: Progress,
    /// Whether the answers were enough to be done with; if not, they count in the next interval too.
    pub(crate) concluded: bool,
}

impl Progress {
    /// At the first step.
    pub(crate) fn begin(options: &CanaryOptions) -> Self {
        Self {
            stage: Stage::Walking,
            share: options.steps.first().copied().unwrap_or(100),
            frozen: false,
            good: 0,
            missing: 0,
            reference: Window::default(),
            whole: Default::default(),
            moves: VecDeque::new(),
        }
    }

    /// Goes to a step, or back, because of something.
    pub(crate) fn go(&mut self, stage: Stage, share: u8, at_micros: i64, why: impl Into<String>) {
        let why = why.into();
        self.moves.push_back(Move { at_micros, from: self.share, to: share, why });
        while self.moves.len() > MOVES_MAX {
            self.moves.pop_front();
        }
        (self.stage, self.share, self.good, self.missing) = (stage, share, 0, 0);
    }

    /// What was known of the two is not held against them any more.
    pub(crate) fn begin_anew(&mut self) {
        self.frozen = false;
        (self.reference, self.whole) = Default::default();
    }

    /// The same after an interval in which the two did like this.
    pub(crate) fn judge(
        &self,
        options: &CanaryOptions,
        baseline: &Window,
        candidate: &Window,
        at_micros: i64,
    ) -> Judgement {
        let alone = self.share == 100 && baseline.all() < options.samples_min;
        let against = if alone { &self.reference } else { baseline };
        let mut found = compare(options, against, candidate);
        if found == Found::Good {
            // What is too rare to be seen in one interval is seen in all of them.
            let whole = (self.whole.0.and(against), self.whole.1.and(candidate));
            let over_all = compare(options, &whole.0, &whole.1);
            if matches!(over_all, Found::Failing { .. }) {
                found = over_all;
            }
        }
        let mut next = self.clone();
        let mut concluded = true;
        match &found {
            Found::Failing { .. } | Found::Slow { .. } => {
                next.go(Stage::RolledBack, 0, at_micros, found.to_string());
                next.frozen = false;
            }
            Found::Missing { .. } => {
                concluded = false;
                next.good = 0;
                next.missing = if self.frozen { 0 } else { self.missing.saturating_add(1) };
                if next.missing >= options.missing_max {
                    next.go(Stage::RolledBack, 0, at_micros, found.to_string());
                }
            }
            Found::Excused { .. } => (next.good, next.missing) = (0, 0),
            Found::Good => {
                next.missing = 0;
                next.good = self.good.saturating_add(1);
                next.whole = (self.whole.0.and(against), self.whole.1.and(candidate));
                if !alone {
                    next.reference = baseline.clone();
                }
                if next.good >= options.holds && !self.frozen {
                    next.advance(options, at_micros);
                }
            }
        }
        Judgement { found, progress: next, concluded }
    }

    fn advance(&mut self, options: &CanaryOptions, at_micros: i64) {
        let next = options.steps.iter().copied().find(|step| *step > self.share);
        match next {
            Some(step) => self.go(Stage::Walking, step, at_micros, Found::Good.to_string()),
            None => self.go(Stage::Promoted, 100, at_micros, Found::Good.to_string()),
        }
    }
}

/// Holds a candidate against the baseline of the same time.
pub(crate) fn compare(options: &CanaryOptions, baseline: &Window, candidate: &Window) -> Found {
    if candidate.all() < options.samples_min || baseline.all() < options.samples_min {
        return Found::Missing { candidate: candidate.all(), baseline: baseline.all() };
    }
    let failing = |window: &Window| share(window.bad(), window.all());
    let (of_candidate, of_baseline) = (failing(candidate), failing(baseline));
    if 1.0 - of_baseline < options.baseline_success_min {
        return Found::Excused { baseline: 1.0 - of_baseline };
    }
    // As bad as it may be, and how far from that chance leads.
    let allowed = (of_baseline + options.success_drop_max).min(1.0);
    let spread = (allowed * (1.0 - allowed) * one_in(candidate.all())
        + of_baseline * (1.0 - of_baseline) * one_in(baseline.all()))
    .sqrt();
    if of_candidate - allowed > BEYOND_CHANCE * spread {
        return Found::Failing { candidate: of_candidate, baseline: of_baseline };
    }
    let limit = baseline.p99().mul_f64(options.p99_growth_max) + options.p99_slack;
    let timed = candidate.timed();
    let chance = (ABOVE_P99 * (1.0 - ABOVE_P99) * one_in(timed)).sqrt();
    if share(candidate.slower_than(limit), timed) > ABOVE_P99 + BEYOND_CHANCE * chance {
        return Found::Slow { limit, p99: candidate.p99() };
    }
    Found::Good
}

/// A count as a number that can be divided: exact up to what any gateway counts in an interval.
fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn share(part: u64, whole: u64) -> f64 {
    real(part) / real(whole.max(1))
}

fn one_in(whole: u64) -> f64 {
    1.0 / real(whole.max(1))
}

#[cfg(test)]
mod tests;
