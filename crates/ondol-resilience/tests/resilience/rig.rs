//! A clock that stands still, and doors that open onto it.

use std::time::Duration;

use ondol_resilience::{
    Breaker, BreakerOptions, Carried, Doors, Error, Events, ManualClock, Permit, Random, Reason,
    Rejected, Safety, Tick, Time, Verdict,
};

/// A clock, and the doors of policies that read it.
pub(crate) struct Rig {
    pub(crate) clock: ManualClock,
    pub(crate) doors: Doors,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new();
        // A round hour, so that slices of windows begin where a reader expects it.
        clock.advance(secs(3_600));
        let doors = Doors {
            time: Time::of(clock.clone()),
            random: Random::seeded(7),
            events: Events::default(),
        };
        Self { clock, doors }
    }

    pub(crate) fn wait(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(crate) fn breaker(&self, options: BreakerOptions) -> Breaker {
        Breaker::with("test", options, &self.doors).expect("the options of a test are good")
    }
}

/// One call through a breaker with a given end.
pub(crate) fn call(breaker: &Breaker, verdict: Verdict) -> Result<(), Rejected> {
    breaker.acquire().map(|permit| permit.finish(verdict))
}

/// A call that is let through and stays in flight.
pub(crate) fn begin(breaker: &Breaker) -> Permit {
    breaker.acquire().expect("the breaker lets this call through")
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A request that may be sent twice.
pub(crate) fn idempotent() -> Carried<&'static str> {
    Carried { safety: Safety::Idempotent, ..Carried::new("request") }
}

/// The service's own failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("down")]
pub(crate) struct Down;

pub(crate) type Answer<T> = Result<T, Error<Down>>;

/// Why a policy did not let a call through.
pub(crate) fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> Reason {
    match answer {
        Err(Error::Rejected(rejected)) => rejected.reason,
        other => panic!("not rejected but {other:?}"),
    }
}

/// The present moment on tokio's clock, which a test may have paused.
pub(crate) fn now() -> Tick {
    Time::tokio().now()
}
