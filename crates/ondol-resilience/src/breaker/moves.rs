//! The moves of a breaker from state to state.

use std::{sync::Arc, time::Duration};

use super::{
    Breaker, BreakerOptions, Hold,
    epoch::{Epoch, Phase, Probing},
    state::count,
};
use crate::{
    Tick, What,
    sync::{Ordering, lock},
};

/// Changes of state: each under the lock, and only if the epoch is still the one it was decided in.
impl Breaker {
    pub(super) fn open(
        &self,
        generation: u64,
        because: &'static str,
        retry_after: Option<Duration>,
    ) {
        self.go_on(generation, because, |epoch, now| {
            if epoch.hold != Hold::Free {
                return None;
            }
            let opens = epoch.opens.saturating_add(1);
            let lasts = self.open_time(&epoch.options, opens, retry_after);
            count(&self.0.counters.opened);
            Some((Phase::Open { until: now.after(lasts) }, opens))
        });
    }

    pub(super) fn half_open(&self, generation: u64, because: &'static str) {
        self.go_on(generation, because, |epoch, _| Some((Phase::probing(), epoch.opens)));
    }

    pub(super) fn step(&self, generation: u64, index: usize, because: &'static str) {
        self.go_on(generation, because, |epoch, _| {
            let phase = Phase::step(&epoch.options, index);
            let opens = if matches!(phase, Phase::Closed(_)) { 0 } else { epoch.opens };
            Some((phase, opens))
        });
    }

    fn go_on(
        &self,
        generation: u64,
        because: &'static str,
        next: impl FnOnce(&Epoch, Tick) -> Option<(Phase, u32)>,
    ) {
        let _moving = lock!(self.0.moving);
        let epoch = self.0.epoch.load();
        if epoch.generation != generation {
            return;
        }
        let now = self.now();
        if let Some((phase, opens)) = next(&epoch, now) {
            self.put(&epoch, Epoch { phase, opens, since: now, ..epoch.next() }, because);
        }
    }

    /// Puts the next epoch in place and tells of it. Called under the lock, so that events come in
    /// the order of what they tell.
    fn put(&self, old: &Epoch, new: Epoch, because: &'static str) {
        let (from, to) = (old.state(), new.state());
        self.swap(new, 0);
        self.0.core.tell(What::Moved { from, to, because });
    }

    /// The row first, so that no failure of the new epoch is counted in the old row; the summary last,
    /// so that it never promises what is not there yet.
    fn swap(&self, new: Epoch, failures_in_a_row: u32) {
        let (generation, summary) = (new.generation, new.summary());
        if generation != self.0.epoch.load().generation {
            self.0.row.begin(generation, failures_in_a_row);
        }
        self.0.epoch.store(Arc::new(new));
        self.0.summary.store(summary, Ordering::Release);
    }

    /// How long to stay open: grown by how often it opened, jittered, at least what was asked for,
    /// at most the cap. The jitter has its room below the cap, so that it is there at the cap too.
    fn open_time(
        &self,
        options: &BreakerOptions,
        opens: u32,
        retry_after: Option<Duration>,
    ) -> Duration {
        let open = &options.open;
        let room = open.lasts_max.as_secs_f64() / (1.0 + open.jitter);
        let exponent = i32::try_from(opens.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = open.lasts.as_secs_f64() * open.growth.powi(exponent);
        let jittered = grown.min(room) * self.0.core.doors.random.unit().mul_add(open.jitter, 1.0);
        let lasts = Duration::from_secs_f64(jittered).max(open.lasts);
        let asked = retry_after.filter(|_| open.honour_retry_after).unwrap_or_default();
        lasts.max(asked).min(open.lasts_max)
    }

    /// Holds the breaker in a state until [`Hold::Free`].
    pub fn hold(&self, hold: Hold) {
        let _moving = lock!(self.0.moving);
        let epoch = self.0.epoch.load();
        if epoch.hold == hold {
            return;
        }
        let phase = match (hold, epoch.hold) {
            (Hold::Open | Hold::Isolated, _) => Phase::Open { until: Tick::NEVER },
            (Hold::Free, Hold::Open) => Phase::probing(),
            (Hold::Closed | Hold::Free, _) => Phase::closed(&epoch.options),
        };
        let because = if hold == Hold::Free { "it was freed" } else { "it is held" };
        let next = Epoch { hold, phase, opens: 0, since: self.now(), ..epoch.next() };
        self.put(&epoch, next, because);
    }

    /// Closes the breaker, with nothing counted and nobody holding it.
    pub fn reset(&self) {
        let _moving = lock!(self.0.moving);
        let epoch = self.0.epoch.load();
        let phase = Phase::closed(&epoch.options);
        let next = Epoch { hold: Hold::Free, phase, opens: 0, since: self.now(), ..epoch.next() };
        self.put(&epoch, next, "it was reset");
    }

    /// Takes new options. What goes on goes on, unless it is what the options have changed: then it
    /// begins anew in the same state.
    pub(super) fn apply(&self, options: BreakerOptions) {
        let options = Arc::new(options);
        let _moving = lock!(self.0.moving);
        let epoch = self.0.epoch.load();
        let old = &epoch.options;
        let (phase, same) = match &epoch.phase {
            Phase::Closed(_) if !counts_alike(old, &options) => (Phase::closed(&options), false),
            Phase::Recovering(step) if old.recovery != options.recovery => {
                let last = options.recovery.len().saturating_sub(1);
                (Phase::step(&options, step.index.min(last)), false)
            }
            Phase::Open { until } if epoch.hold == Hold::Free => {
                let until = (*until).min(epoch.since.after(options.open.lasts_max));
                (Phase::Open { until }, true)
            }
            same => (same.clone(), true),
        };
        let next = epoch.next();
        let generation = if same { epoch.generation } else { next.generation };
        let since = if same { epoch.since } else { self.now() };
        let failures = if matches!(phase, Phase::Closed(_)) { self.0.row.failures() } else { 0 };
        self.0.core.store(Arc::clone(&options));
        self.swap(Epoch { generation, options, phase, since, ..next }, failures);
    }
}

/// Whether two sets of options count the same things over the same window.
fn counts_alike(one: &BreakerOptions, other: &BreakerOptions) -> bool {
    one.window == other.window
        && one.measures() == other.measures()
        && one.times_calls() == other.times_calls()
        && one.stuck_calls == other.stuck_calls
}

impl Phase {
    fn probing() -> Self {
        Self::HalfOpen(Arc::new(Probing::default()))
    }
}

impl Epoch {
    /// The epoch after this one, as yet the same.
    fn next(&self) -> Self {
        Self {
            generation: self.generation + 1,
            options: Arc::clone(&self.options),
            hold: self.hold,
            since: self.since,
            opens: self.opens,
            phase: self.phase.clone(),
        }
    }
}
