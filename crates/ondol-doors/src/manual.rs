//! A clock that stands still until it is moved.

use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use ondol_kernel::Timestamp;
use tokio::sync::watch;

use crate::{Clock, Sleep};

/// A clock for tests: it moves when told to, and wakes in order those whose time has come.
pub struct ManualClock {
    began: Mutex<Timestamp>,
    running: watch::Sender<Duration>,
}

impl ManualClock {
    /// A clock that shows this time.
    pub fn at(time: Timestamp) -> Self {
        Self { began: Mutex::new(time), running: watch::Sender::new(Duration::ZERO) }
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        self.running.send_modify(|running| *running += duration);
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
        *self.running.borrow()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let due = self.running() + duration;
        let mut running = self.running.subscribe();
        Box::pin(async move {
            if running.wait_for(|now| *now >= due).await.is_err() {
                // The clock is gone: no time will ever pass again.
                std::future::pending::<()>().await;
            }
        })
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish()
    }
}

#[cfg(test)]
mod tests;
