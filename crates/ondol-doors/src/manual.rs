//! A clock that stands still until it is moved.

mod sleepers;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ondol_kernel::Timestamp;

use crate::{Clock, Sleep};

use sleepers::Sleepers;

/// A clock for tests: it moves when told to, and wakes in order those whose time has come.
pub struct ManualClock {
    began: Mutex<Timestamp>,
    sleepers: Arc<Sleepers>,
}

impl ManualClock {
    /// A clock that shows this time.
    pub fn at(time: Timestamp) -> Self {
        Self { began: Mutex::new(time), sleepers: Arc::default() }
    }

    /// Lets time pass, all at once.
    pub fn advance(&self, duration: Duration) {
        self.sleepers.advance(|now| now.saturating_add(duration));
    }

    /// Lets time pass until it has been running so long; it never goes back.
    pub fn advance_to(&self, running: Duration) {
        self.sleepers.advance(|_now| running);
    }

    /// When the first of those who wait will wake, by how long the clock has been running then;
    /// nothing, while nobody waits.
    pub fn next_due(&self) -> Option<Duration> {
        self.sleepers.next_due()
    }

    /// Sets the time of day, as an operator does; how long the clock has been running stays.
    pub fn jump_to(&self, time: Timestamp) {
        let running = self.running();
        let micros = i64::try_from(running.as_micros()).unwrap_or(i64::MAX);
        let began = Timestamp::from_micros(time.as_micros().saturating_sub(micros));
        *self.began() = began.unwrap_or_default();
    }

    fn began(&self) -> MutexGuard<'_, Timestamp> {
        self.began.lock().expect("nobody panics while holding the time")
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let running = self.running();
        self.began().checked_add(running).expect("tests do not reach the year 10000")
    }

    fn running(&self) -> Duration {
        self.sleepers.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(Sleepers::add(&self.sleepers, duration))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish()
    }
}

#[cfg(test)]
mod tests;
