//! What time it is, how long something took, and waiting.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use ondol_kernel::Timestamp;

/// A wait that ends when its time has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The door through which time comes in.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time of day, for people and calendars. It may jump, so nothing is ordered by it.
    fn now(&self) -> Timestamp;

    /// How long the clock has been running. It never goes back.
    fn running(&self) -> Duration;

    /// Waits so long.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The machine's clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock that begins to run now.
    #[expect(clippy::disallowed_methods, reason = "this is the door that all others go through")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door that all others go through")]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since_1970.ok().and_then(|time| Timestamp::EPOCH.checked_add(time)).unwrap_or_default()
    }

    fn running(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
