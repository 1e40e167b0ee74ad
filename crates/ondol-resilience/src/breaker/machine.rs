//! A breaker at work: admitting a call, and taking its outcome.

use std::{sync::Arc, time::Duration};

use super::{
    Breaker, BreakerOptions, Hold,
    epoch::{Closed, Epoch, Judgement, Phase, Probing, Recovering},
    state::count,
};
use crate::{
    Mode, Outcome, Reason, Rejected, Tally, Tick, Verdict,
    sync::{Ordering, lock},
};

/// In a summary: a call may begin.
const CALLS_BEGIN: u64 = 0b10;
/// In a summary: calls may begin, and a success may end.
const SUCCESSES_END: u64 = 0b11;

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
    /// Lets a call through, or not. Closed, and with nothing that measures time, by one load.
    pub(super) fn admit(&self) -> Result<(u64, Tick, Standing), Rejected> {
        let summary = self.0.summary.load(Ordering::Acquire);
        if summary & CALLS_BEGIN != 0 {
            return Ok((summary >> 2, Tick::ZERO, Standing::Counted));
        }
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

    pub(super) fn now(&self) -> Tick {
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
        if verdict.outcome == Outcome::Success
            && standing == Standing::Counted
            && self.0.summary.load(Ordering::Acquire) == generation << 2 | SUCCESSES_END
            && self.0.row.is_empty(generation)
        {
            return count(&counters.successes);
        }
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
        let row = self.lengthen_or_end_row(epoch.generation, verdict.outcome);
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

impl Breaker {
    /// Answers how many calls have now failed in a row; 0 unless this one did.
    fn lengthen_or_end_row(&self, generation: u64, outcome: Outcome) -> u32 {
        match outcome {
            Outcome::Failure => return self.0.row.lengthen(generation),
            Outcome::Success => self.0.row.end(generation),
            Outcome::Throttled | Outcome::Ignored => {}
        }
        0
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
