//! The circuit breaker.

mod holds;
mod opening;
mod probing;
mod recovering;
mod service;
mod stream;

use ondol_resilience::{BreakerOptions, OpenOptions, PhaseState, StepOptions, Verdict};

use crate::rig::{Rig, call, secs};

const GOOD: Verdict = Verdict::success();
const BAD: Verdict = Verdict::failure();

/// Opens after three failures in a row for 10 s, then one probe, then closed.
pub(crate) fn plain() -> BreakerOptions {
    BreakerOptions {
        failures_in_a_row: Some(3),
        open: OpenOptions { lasts: secs(10), jitter: 0.0, ..OpenOptions::default() },
        recovery: Vec::new(),
        ..BreakerOptions::default()
    }
}

/// As [`plain`], with the given steps.
fn with_steps(steps: &[StepOptions]) -> BreakerOptions {
    BreakerOptions { recovery: steps.to_vec(), ..plain() }
}

impl Rig {
    /// A breaker that has just opened.
    pub(crate) fn opened(&self, options: BreakerOptions) -> ondol_resilience::Breaker {
        let breaker = self.breaker(options);
        for _ in 0..3 {
            call(&breaker, BAD).expect("a closed breaker lets calls through");
        }
        assert_eq!(breaker.state().state, "open");
        breaker
    }

    /// A breaker in its first step of recovery.
    fn recovering(&self, options: BreakerOptions) -> ondol_resilience::Breaker {
        let breaker = self.opened(options);
        self.wait(secs(10));
        call(&breaker, GOOD).expect("a probe is let through");
        assert_eq!(breaker.state().state, "recovering");
        breaker
    }
}

fn open_for(breaker: &ondol_resilience::Breaker) -> std::time::Duration {
    match breaker.state().phase {
        PhaseState::Open { probes_in: Some(time) } => time,
        other => panic!("the breaker is not open but {other:?}"),
    }
}
