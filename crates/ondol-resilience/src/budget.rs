//! A budget of extra calls: a share of the ordinary ones over a window, and a floor.
//!
//! Retries and hedges draw from budgets, so that when everything fails the load grows by the share
//! and not by the number of attempts. The floor lets a service with little traffic retry at all.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use crate::{
    Problems, Tick,
    sync::{Mutex, lock},
    window::TimeRing,
};

const SLICES: u32 = 10;

/// How many extra calls there may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetOptions {
    /// As a share of the ordinary calls …
    pub share: f64,
    /// … over this time …
    #[serde(with = "human::required")]
    pub window: Duration,
    /// … or, if that is more, this many in the same time.
    pub floor: u32,
}

impl Default for BudgetOptions {
    fn default() -> Self {
        Self { share: 0.2, window: Duration::from_secs(10), floor: 3 }
    }
}

impl BudgetOptions {
    pub(crate) fn validate(&self, problems: &mut Problems) {
        problems.share_or_none("budget.share", self.share);
        if self.window < Duration::from_millis(SLICES.into()) {
            problems.add("budget.window", "must be at least ten milliseconds");
        }
    }
}

/// A budget as it is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BudgetState {
    /// Ordinary calls in the window.
    pub calls: u64,
    /// Extra calls in the window.
    pub extra: u64,
}

/// The calls of a window, ordinary and extra.
#[derive(Debug)]
pub(crate) struct Budget {
    calls: TimeRing,
    extra: TimeRing,
    drawing: Mutex<()>,
}

impl Budget {
    pub(crate) fn new(options: &BudgetOptions) -> Self {
        let ring = || TimeRing::new(options.window, SLICES);
        Self { calls: ring(), extra: ring(), drawing: Mutex::new(()) }
    }

    /// An ordinary call has come.
    pub(crate) fn earn(&self, now: Tick) {
        self.calls.note(now, false, false);
    }

    /// Draws one extra call, if there is one. Under a lock, or two would draw the last one.
    pub(crate) fn draw(&self, options: &BudgetOptions, now: Tick) -> bool {
        let _drawing = lock!(self.drawing);
        let state = self.state(now);
        #[expect(clippy::cast_precision_loss, reason = "counts of a window are below 2^52")]
        let (calls, extra) = (state.calls as f64, state.extra as f64);
        let allowed = (calls * options.share).max(f64::from(options.floor));
        let drawn = extra + 1.0 <= allowed;
        if drawn {
            self.extra.note(now, false, false);
        }
        drawn
    }

    pub(crate) fn state(&self, now: Tick) -> BudgetState {
        BudgetState { calls: self.calls.tally(now).calls, extra: self.extra.tally(now).calls }
    }
}
