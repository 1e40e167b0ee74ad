//! A clock that stands still, and doors that open onto it.

use std::time::Duration;

use ondol_resilience::{
    Breaker, BreakerOptions, Doors, Events, ManualClock, Permit, Random, Rejected, Time, Verdict,
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
