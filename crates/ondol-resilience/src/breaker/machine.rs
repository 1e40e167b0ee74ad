//! The moves of a breaker: admitting a call, taking its outcome, going from state to state.

use std::{sync::Arc, time::Duration};

use super::{
    Breaker, BreakerOptions, Hold,
    epoch::{Closed, Epoch, Judgement, Phase, Probing, Recovering},
    state::count,
};
use crate::{
    Mode, Outcome, Reason, Rejected, Tally, Tick, Verdict, What,
    sync::{Ordering, lock},
};

/// How a call that was let through counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not at all: the breaker is off, or the outcome has been taken.
    Unmeasured,
    /// It would have been refused; its outcome is counted but moves nothing.
    Shadow,
    /// Its outcome counts.
    Counted,
}

type Refusal = (Reason, Option<Duration>);

/// What is to become of a call that knocks.
enum Answer {
    /// It may go; it began at this moment, if anyone needs to know.
    Go(Tick),
    /// It may not.
    No(Refusal),
    /// The state has moved: ask again.
    Again,
}

impl Breaker {
    /// Lets a call through, or not. The fast path is one load of the epoch and, when something
    /// measures time, one reading of the clock.
    pub(super) fn admit(&self) -> Result<(u64, Tick, Standing), Rejected> {
        loop {
            let epoch = self.0.epoch.load();
            if epoch.options.mode == Mode::Off {
                return Ok((epoch.generation, Tick::ZERO, Standing::Unmeasured));
            }
            match self.answer(&epoch) {
                Answer::Go(began) => return Ok((epoch.generation, began, Standing::Counted)),
                Answer::No(_) if epoch.options.mode == Mode::Observe => {
                    count(&self.0.counters.would_reject);
                    return Ok((epoch.generation, Tick::ZERO, Standing::Shadow));
                }
                Answer::No(refusal) => return Err(self.refuse(refusal)),
                Answer::Again => {}
            }
        }
    }

    fn answer(&self, epoch: &Epoch) -> Answer {
        match (&epoch.phase, epoch.hold) {
            (Phase::Closed(closed), _) => self.answer_closed(epoch, closed),
            (Phase::Open { .. }, Hold::Open | Hold::Isolated) => {
                Answer::No((Reason::CircuitHeld, None))
            }
            (Phase::Open { until }, _) => {
                let now = self.now();
                if now < *until {
                    return Answer::No((Reason::CircuitOpen, Some(until.since(now))));
                }
                self.half_open(epoch.generation, "its open time is over");
                Answer::Again
            }
            (Phase::HalfOpen(probing), _) => self.answer_probe(epoch, probing),
            (Phase::Recovering(step), _) => self.answer_step(epoch, step),
        }
    }

    fn answer_closed(&self, epoch: &Epoch, closed: &Closed) -> Answer {
        if !epoch.options.times_calls() {
            return Answer::Go(Tick::ZERO);
        }
        let now = self.now();
        if let (Some(flight), Some(rule)) = (&closed.flight, epoch.options.stuck_calls) {
            let mut flight = lock!(flight);
            if flight.stuck(now) >= rule.calls && epoch.hold == Hold::Free {
                drop(flight);
                self.open(epoch.generation, "calls are stuck", None);
                return Answer::Again;
            }
            flight.begin(now);
        }
        Answer::Go(now)
    }

    fn answer_probe(&self, epoch: &Epoch, probing: &Probing) -> Answer {
        let now = self.now();
        if now.since(epoch.since) >= epoch.options.half_open.wait_max {
            self.open(epoch.generation, "its probes did not come back", None);
            return Answer::Again;
        }
        if probing.take(epoch.options.half_open.probes_max) {
            Answer::Go(now)
        } else {
            Answer::No((Reason::CircuitProbing, None))
        }
    }

    fn answer_step(&self, epoch: &Epoch, step: &Recovering) -> Answer {
        let now = self.now();
        if self.judge_step(epoch, step, now, None) {
            return Answer::Again;
        }
        if !step.lets_through() {
            return Answer::No((Reason::CircuitRecovering, None));
        }
        step.begin(epoch.since, now);
        Answer::Go(now)
    }

    fn refuse(&self, (reason, retry_after): Refusal) -> Rejected {
        count(&self.0.counters.rejected);
        Rejected { policy: Arc::clone(&self.0.core.name), reason, retry_after }
    }

    fn now(&self) -> Tick {
        self.0.core.doors.time.now()
    }

    /// Takes the outcome of a call that began at `began` in `generation`.
    pub(super) fn settle(
        &self,
        generation: u64,
        began: Tick,
        standing: Standing,
        verdict: Verdict,
    ) {
        let counters = &self.0.counters;
        count(match verdict.outcome {
            Outcome::Success => &counters.successes,
            Outcome::Failure => &counters.failures,
            Outcome::Throttled => &counters.throttled,
            Outcome::Ignored => &counters.ignored,
        });
        if standing == Standing::Shadow {
            return;
        }
        let epoch = self.0.epoch.load();
        if epoch.generation != generation {
            return count(&counters.late);
        }
        match &epoch.phase {
            Phase::Closed(closed) => self.settle_closed(&epoch, closed, began, verdict),
            Phase::Open { .. } => {}
            Phase::HalfOpen(probing) => self.settle_probe(&epoch, probing, began, verdict),
            Phase::Recovering(step) => self.settle_step(&epoch, step, began, verdict),
        }
    }

    fn settle_closed(&self, epoch: &Epoch, closed: &Closed, began: Tick, verdict: Verdict) {
        let options = &*epoch.options;
        let needs_time = options.times_calls() || closed.reads_time();
        let now = if needs_time { self.now() } else { Tick::ZERO };
        if let Some(flight) = &closed.flight {
            lock!(flight).end(began);
        }
        if verdict.outcome == Outcome::Ignored {
            return;
        }
        let row = closed.lengthen_or_end_row(verdict.outcome);
        let failed = verdict.outcome != Outcome::Success;
        let slow = self.is_slow(options, began, now);
        let tally = closed.window.as_ref().map(|window| window.record(now, failed, slow));
        if let Some(because) = due(options, row, tally) {
            self.open(epoch.generation, because, verdict.retry_after);
        }
    }

    fn settle_probe(&self, epoch: &Epoch, probing: &Probing, began: Tick, verdict: Verdict) {
        let slow = self.is_slow(&epoch.options, began, self.now());
        match verdict.outcome {
            Outcome::Ignored => probing.give_back(),
            Outcome::Success if !slow => {
                let successes = probing.successes.fetch_add(1, Ordering::AcqRel) + 1;
                if successes >= epoch.options.half_open.successes {
                    self.step(epoch.generation, 0, "its probes succeeded");
                }
                probing.give_back();
            }
            Outcome::Success => self.open(epoch.generation, "a probe was slow", None),
            Outcome::Failure | Outcome::Throttled => {
                self.open(epoch.generation, "a probe failed", verdict.retry_after);
            }
        }
    }

    fn settle_step(&self, epoch: &Epoch, step: &Recovering, began: Tick, verdict: Verdict) {
        let now = self.now();
        step.end(epoch.since, began);
        if verdict.outcome == Outcome::Ignored {
            return;
        }
        let slow = self.is_slow(&epoch.options, began, now);
        let failed = verdict.outcome == Outcome::Failure;
        let succeeded = verdict.outcome == Outcome::Success;
        let row = step.count(slow || !succeeded, succeeded, failed);
        if epoch.options.failures_in_a_row.is_some_and(|most| row >= most) {
            return self.open(epoch.generation, "failures in a row", verdict.retry_after);
        }
        self.judge_step(epoch, step, now, verdict.retry_after);
    }

    /// Goes on or back if the step is decided; true if it was.
    fn judge_step(
        &self,
        epoch: &Epoch,
        step: &Recovering,
        now: Tick,
        retry_after: Option<Duration>,
    ) -> bool {
        match step.judge(epoch.since, now) {
            Judgement::Undecided => return false,
            Judgement::Passed => self.step(epoch.generation, step.index + 1, "its step passed"),
            Judgement::Failed => self.open(epoch.generation, "a step failed", retry_after),
        }
        true
    }

    fn is_slow(&self, options: &BreakerOptions, began: Tick, now: Tick) -> bool {
        let slow = options.is_slow(now.since(began));
        if slow {
            count(&self.0.counters.slow);
        }
        slow
    }

    /// Takes back what a dropped call held.
    pub(super) fn abandon(&self, generation: u64, began: Tick) {
        count(&self.0.counters.dropped);
        let epoch = self.0.epoch.load();
        if epoch.generation != generation {
            return;
        }
        match &epoch.phase {
            Phase::Closed(closed) => {
                if let Some(flight) = &closed.flight {
                    lock!(flight).end(began);
                }
            }
            Phase::Open { .. } => {}
            Phase::HalfOpen(probing) => probing.give_back(),
            Phase::Recovering(step) => step.end(epoch.since, began),
        }
    }
}

impl Closed {
    /// Answers how many calls have now failed in a row; 0 unless this one did.
    fn lengthen_or_end_row(&self, outcome: Outcome) -> u32 {
        match outcome {
            Outcome::Failure => self.failures_in_a_row.fetch_add(1, Ordering::AcqRel) + 1,
            Outcome::Success => {
                // Most successes end no row, and a load does not take the line from other cores.
                if self.failures_in_a_row.load(Ordering::Acquire) != 0 {
                    self.failures_in_a_row.store(0, Ordering::Release);
                }
                0
            }
            Outcome::Throttled | Outcome::Ignored => 0,
        }
    }
}

/// The criterion that is met, if one is.
fn due(options: &BreakerOptions, row: u32, tally: Option<Tally>) -> Option<&'static str> {
    if options.failures_in_a_row.is_some_and(|most| row >= most) {
        return Some("failures in a row");
    }
    let tally = tally?;
    let enough = |minimum: u32| tally.calls >= u64::from(minimum);
    if let Some(rule) = options.failure_rate
        && enough(rule.minimum_calls)
        && tally.failure_share() >= rule.share
    {
        return Some("failure rate");
    }
    if let Some(rule) = options.slow_calls
        && enough(rule.minimum_calls)
        && tally.slow_share() >= rule.share
    {
        return Some("slow calls");
    }
    None
}

/// Changes of state: each under the lock, and only if the epoch is still the one it was decided in.
impl Breaker {
    fn open(&self, generation: u64, because: &'static str, retry_after: Option<Duration>) {
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

    fn half_open(&self, generation: u64, because: &'static str) {
        self.go_on(generation, because, |epoch, _| Some((Phase::probing(), epoch.opens)));
    }

    fn step(&self, generation: u64, index: usize, because: &'static str) {
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
        self.0.epoch.store(Arc::new(new));
        self.0.core.tell(What::Moved { from, to, because });
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
            Phase::Closed(closed) if !counts_alike(old, &options) => {
                (closed.recounted(&options), false)
            }
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
        self.0.core.options.store(Arc::clone(&options));
        self.0.epoch.store(Arc::new(Epoch { generation, options, phase, since, ..next }));
    }
}

/// Whether two sets of options count the same things over the same window.
fn counts_alike(one: &BreakerOptions, other: &BreakerOptions) -> bool {
    one.window == other.window
        && one.measures() == other.measures()
        && one.stuck_calls == other.stuck_calls
}

impl Closed {
    /// Closed as other options count, with the row of failures kept.
    fn recounted(&self, options: &BreakerOptions) -> Phase {
        let phase = Phase::closed(options);
        if let Phase::Closed(fresh) = &phase {
            let row = self.failures_in_a_row.load(Ordering::Acquire);
            fresh.failures_in_a_row.store(row, Ordering::Release);
        }
        phase
    }
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
