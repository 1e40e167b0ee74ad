//! The clock door: every reading of time and every sleep of this crate goes through it.
//!
//! [`Time`] is a cheap handle. The ordinary one reads tokio's clock, so a test that pauses tokio
//! moves every policy; another [`Clock`] (a simulator, [`ManualClock`]) can stand in its place.
//! The ordinary clock is an enum arm, not a trait object, because it is read on every call.

mod manual;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

pub use self::manual::ManualClock;

/// A moment on a monotonic clock: nanoseconds since an origin that means nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tick(u64);

impl Tick {
    /// The origin.
    pub const ZERO: Self = Self(0);
    /// Later than every moment a clock will show.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `nanos` after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `duration` later; [`Tick::NEVER`] rather than a wrap.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds, saturating after 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A source of time other than tokio's.
pub trait Clock: Send + Sync + 'static {
    /// The present moment. Never goes back.
    fn now(&self) -> Tick;
    /// Completes when [`Clock::now`] has reached `at`.
    fn sleep_until(&self, at: Tick) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The handle through which policies read time and sleep.
#[derive(Clone, Default)]
pub struct Time(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    Tokio,
    Other(Arc<dyn Clock>),
}

impl Time {
    /// Tokio's clock: real time, or the paused time of a test.
    pub const fn tokio() -> Self {
        Self(Source::Tokio)
    }

    /// Time as another clock tells it.
    pub fn of(clock: impl Clock) -> Self {
        Self(Source::Other(Arc::new(clock)))
    }

    /// The present moment.
    pub fn now(&self) -> Tick {
        match &self.0 {
            Source::Tokio => tokio_now(),
            Source::Other(clock) => clock.now(),
        }
    }

    /// Completes at `at`, or at once when that has passed.
    pub fn sleep_until(&self, at: Tick) -> Sleep {
        match &self.0 {
            Source::Tokio => {
                let ahead = at.since(tokio_now());
                Sleep { on: SleepOn::Tokio { sleep: tokio::time::sleep(ahead) } }
            }
            Source::Other(clock) => Sleep { on: SleepOn::Other { sleep: clock.sleep_until(at) } },
        }
    }

    /// Completes after `duration`.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now().after(duration))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Tokio => "Time(tokio)",
            Source::Other(_) => "Time(other)",
        })
    }
}

/// The one place where this crate reads the machine's monotonic clock.
#[expect(clippy::disallowed_methods, reason = "this is the Clock door itself")]
fn tokio_now() -> Tick {
    static ORIGIN: OnceLock<tokio::time::Instant> = OnceLock::new();
    let now = tokio::time::Instant::now();
    // A day back, because another thread's paused clock may stand a little behind this one.
    let origin =
        *ORIGIN.get_or_init(|| now.checked_sub(Duration::from_secs(86_400)).unwrap_or(now));
    Tick(nanos(now.saturating_duration_since(origin)))
}

pin_project_lite::pin_project! {
    /// A sleep on whichever clock made it.
    pub struct Sleep {
        #[pin]
        on: SleepOn,
    }
}

pin_project_lite::pin_project! {
    #[project = SleepProjection]
    enum SleepOn {
        Tokio { #[pin] sleep: tokio::time::Sleep },
        Other { sleep: Pin<Box<dyn Future<Output = ()> + Send>> },
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project().on.project() {
            SleepProjection::Tokio { sleep } => sleep.poll(cx),
            SleepProjection::Other { sleep } => sleep.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sleep")
    }
}
