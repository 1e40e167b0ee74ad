//! The states of a breaker, each an epoch with its own generation and its own counts.

use std::sync::Arc;

use super::{BreakerOptions, Hold, StepOptions, stuck::Flight};
use crate::{
    Mode, Tick,
    random::even_unit,
    sync::{AtomicU32, AtomicU64, Mutex, Ordering},
    window::{Window, share},
};

/// A stretch of a breaker's life in one state. What it counts is forgotten with it.
#[derive(Debug)]
pub(super) struct Epoch {
    pub(super) generation: u64,
    pub(super) options: Arc<BreakerOptions>,
    pub(super) hold: Hold,
    pub(super) since: Tick,
    /// How often it has opened since it was last closed.
    pub(super) opens: u32,
    pub(super) phase: Phase,
}

#[derive(Debug, Clone)]
pub(super) enum Phase {
    Closed(Arc<Closed>),
    Open { until: Tick },
    HalfOpen(Arc<Probing>),
    Recovering(Arc<Recovering>),
}

/// What a closed breaker counts.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) window: Option<Window>,
    pub(super) flight: Option<Mutex<Flight>>,
}

/// What a half-open breaker counts.
#[derive(Debug, Default)]
pub(super) struct Probing {
    pub(super) in_flight: AtomicU32,
    pub(super) successes: AtomicU32,
}

/// What a recovering breaker counts.
#[derive(Debug)]
pub(super) struct Recovering {
    pub(super) index: usize,
    pub(super) step: StepOptions,
    turn: AtomicU64,
    /// Results in the low half, failed ones in the high half: one word, so that a judge sees both as
    /// they were together.
    results: AtomicU64,
    failures_in_a_row: AtomicU32,
    /// Calls in flight that began in the first half of the time the step may take.
    early_in_flight: AtomicU32,
}

/// What a step of recovery has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Undecided,
    Passed,
    Failed,
}

impl Epoch {
    pub(super) fn first(options: Arc<BreakerOptions>, now: Tick) -> Self {
        let phase = Phase::closed(&options);
        Self { generation: 0, options, hold: Hold::Free, since: now, opens: 0, phase }
    }

    /// The generation, and below it two bits: a call may begin without another look, and a success
    /// may end without one if there is no row of failures to end.
    pub(super) fn summary(&self) -> u64 {
        let Phase::Closed(closed) = &self.phase else { return self.generation << 2 };
        let begins = self.options.mode != Mode::Off && !self.options.times_calls();
        let ends = begins && closed.window.is_none();
        self.generation << 2 | u64::from(begins) << 1 | u64::from(ends)
    }

    /// The name of the state.
    pub(super) const fn state(&self) -> &'static str {
        match (self.hold, &self.phase) {
            (Hold::Open, _) => "forced-open",
            (Hold::Closed, _) => "forced-closed",
            (Hold::Isolated, _) => "isolated",
            (Hold::Free, Phase::Closed(_)) => "closed",
            (Hold::Free, Phase::Open { .. }) => "open",
            (Hold::Free, Phase::HalfOpen(_)) => "half-open",
            (Hold::Free, Phase::Recovering(_)) => "recovering",
        }
    }
}

impl Phase {
    pub(super) fn closed(options: &BreakerOptions) -> Self {
        Self::Closed(Arc::new(Closed {
            window: options.measures().then(|| Window::new(&options.window)),
            flight: options.stuck_calls.map(|rule| Mutex::new(Flight::new(rule))),
        }))
    }

    /// The step of recovery with this index, or closed when there is none.
    pub(super) fn step(options: &BreakerOptions, index: usize) -> Self {
        match options.recovery.get(index) {
            Some(&step) => Self::Recovering(Arc::new(Recovering::new(index, step))),
            None => Self::closed(options),
        }
    }
}

impl Closed {
    /// Whether ending a call needs to know the time.
    pub(super) fn reads_time(&self) -> bool {
        self.window.as_ref().is_some_and(Window::reads_time)
    }
}

impl Probing {
    /// Takes a probe, if there is one.
    pub(super) fn take(&self, probes_max: u32) -> bool {
        let taken = self.in_flight.fetch_update(Ordering::AcqRel, Ordering::Acquire, |out| {
            (out < probes_max).then_some(out + 1)
        });
        taken.is_ok()
    }

    pub(super) fn give_back(&self) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Recovering {
    fn new(index: usize, step: StepOptions) -> Self {
        Self {
            index,
            step,
            turn: AtomicU64::new(0),
            results: AtomicU64::new(0),
            failures_in_a_row: AtomicU32::new(0),
            early_in_flight: AtomicU32::new(0),
        }
    }

    /// Whether the next call is in the step's share.
    pub(super) fn lets_through(&self) -> bool {
        even_unit(self.turn.fetch_add(1, Ordering::Relaxed)) < self.step.share
    }

    fn is_early(&self, since: Tick, began: Tick) -> bool {
        began < since.after(self.step.wait_max / 2)
    }

    pub(super) fn begin(&self, since: Tick, began: Tick) {
        if self.is_early(since, began) {
            self.early_in_flight.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) fn end(&self, since: Tick, began: Tick) {
        if self.is_early(since, began) {
            self.early_in_flight.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Counts a result; answers how many calls have now failed in a row.
    pub(super) fn count(&self, bad: bool, ends_the_row: bool, lengthens_the_row: bool) -> u32 {
        self.results.fetch_add(1 | u64::from(bad) << 32, Ordering::AcqRel);
        if lengthens_the_row {
            return self.failures_in_a_row.fetch_add(1, Ordering::AcqRel) + 1;
        }
        if ends_the_row {
            self.failures_in_a_row.store(0, Ordering::Release);
        }
        0
    }

    /// Results, and how many of them were bad.
    pub(super) fn results(&self) -> (u64, u64) {
        let results = self.results.load(Ordering::Acquire);
        (results & u64::from(u32::MAX), results >> 32)
    }

    pub(super) fn judge(&self, since: Tick, now: Tick) -> Judgement {
        let (results, bad) = self.results();
        let calls = u64::from(self.step.calls);
        if share(bad, results.max(calls)) > self.step.failures_max {
            return Judgement::Failed;
        }
        let lasted = now.since(since);
        if results >= calls && lasted >= self.step.lasts {
            return Judgement::Passed;
        }
        if lasted < self.step.wait_max {
            return Judgement::Undecided;
        }
        let hanging = u64::from(self.early_in_flight.load(Ordering::Acquire));
        if results + hanging == 0 {
            Judgement::Undecided
        } else if share(bad + hanging, results + hanging) > self.step.failures_max {
            Judgement::Failed
        } else {
            Judgement::Passed
        }
    }
}
