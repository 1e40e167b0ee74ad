//! What can be read of a breaker: its state and its counters.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use super::{
    Breaker,
    epoch::{Closed, Phase},
};
use crate::{Mode, Tally, sync::lock, window::Window};

/// Whether a person holds a breaker in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Nobody does.
    #[default]
    Free,
    /// Open: what is called is known to be down. Freed, it probes.
    Open,
    /// Closed: calls pass and are measured, but nothing opens it. Freed, it is closed.
    Closed,
    /// Isolated: what is called is out for maintenance. Freed, it is closed.
    Isolated,
}

/// A breaker as it is at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BreakerState {
    /// How far it may go.
    pub mode: Mode,
    /// `closed`, `open`, `half-open`, `recovering`, `forced-open`, `forced-closed` or `isolated`.
    pub state: &'static str,
    /// The number of the state: it grows with each change.
    pub generation: u64,
    /// For how long it has been in it.
    #[serde(with = "human::required")]
    pub lasting: Duration,
    /// How often it has opened since it was last closed.
    pub opens: u32,
    /// What belongs to the state.
    pub phase: PhaseState,
    /// What it has counted since it was made.
    pub counters: BreakerCounters,
}

/// What belongs to one state of a breaker.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub enum PhaseState {
    /// Closed.
    Closed {
        /// Failures in a row up to now.
        failures_in_a_row: u32,
        /// What the window holds, if there is one.
        window: Option<Tally>,
        /// Calls that are in flight for too long, if that is watched.
        stuck: Option<u32>,
    },
    /// Open.
    Open {
        /// Until it probes; nothing when held.
        #[serde(with = "human::optional")]
        probes_in: Option<Duration>,
    },
    /// Half-open.
    HalfOpen {
        /// Probes that are out.
        probes: u32,
        /// Probes that have succeeded.
        successes: u32,
    },
    /// Recovering.
    Recovering {
        /// The step, from 0.
        step: usize,
        /// The share of calls it lets through.
        share: f64,
        /// Results so far.
        results: u64,
        /// Failed, slow or throttled ones among them.
        bad: u64,
    },
}

/// What a breaker has counted since it was made. Calls while it is off are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BreakerCounters {
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Calls that were throttled.
    pub throttled: u64,
    /// Calls whose outcome said nothing.
    pub ignored: u64,
    /// Calls that were slow, whatever their outcome.
    pub slow: u64,
    /// Calls that were dropped before they had an outcome.
    pub dropped: u64,
    /// Results that came after the state they began in had ended.
    pub late: u64,
    /// Calls that were refused.
    pub rejected: u64,
    /// Calls that would have been refused, were it not only observing.
    pub would_reject: u64,
    /// Times it opened.
    pub opened: u64,
}

/// The counters as they are counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) successes: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) throttled: AtomicU64,
    pub(super) ignored: AtomicU64,
    pub(super) slow: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) would_reject: AtomicU64,
    pub(super) opened: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    fn read(&self) -> BreakerCounters {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BreakerCounters {
            successes: of(&self.successes),
            failures: of(&self.failures),
            throttled: of(&self.throttled),
            ignored: of(&self.ignored),
            slow: of(&self.slow),
            dropped: of(&self.dropped),
            late: of(&self.late),
            rejected: of(&self.rejected),
            would_reject: of(&self.would_reject),
            opened: of(&self.opened),
        }
    }
}

impl Breaker {
    /// The breaker as it is now. Reading changes nothing.
    pub fn state(&self) -> BreakerState {
        let epoch = self.0.epoch.load();
        let now = self.0.core.doors.time.now();
        let phase = match &epoch.phase {
            Phase::Closed(closed) => closed.state(self.0.row.failures(), now),
            Phase::Open { until } => {
                PhaseState::Open { probes_in: (epoch.hold == Hold::Free).then(|| until.since(now)) }
            }
            Phase::HalfOpen(probing) => PhaseState::HalfOpen {
                probes: probing.in_flight.load(Ordering::Acquire),
                successes: probing.successes.load(Ordering::Acquire),
            },
            Phase::Recovering(step) => {
                let (results, bad) = step.results();
                PhaseState::Recovering { step: step.index, share: step.step.share, results, bad }
            }
        };
        BreakerState {
            mode: epoch.options.mode,
            state: epoch.state(),
            generation: epoch.generation,
            lasting: now.since(epoch.since),
            opens: epoch.opens,
            phase,
            counters: self.0.counters.read(),
        }
    }
}

impl Closed {
    fn state(&self, failures_in_a_row: u32, now: crate::Tick) -> PhaseState {
        PhaseState::Closed {
            failures_in_a_row,
            window: self.window.as_ref().map(|window: &Window| window.tally(now)),
            stuck: self.flight.as_ref().map(|flight| lock!(flight).stuck(now)),
        }
    }
}
