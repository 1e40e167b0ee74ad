//! Timeout: a call ends in time, and its deadline travels with the request.
//!
//! The deadline is the earlier of the caller's, if the request carries one, and `within` from now;
//! what is called finds it in the request's [`Context`](crate::Context) and can stop, or pass it on,
//! in time. A call whose deadline has passed is not sent at all. Between processes it travels as
//! the time that is left, in the header [`TIME_LEFT`], since clocks differ.
//!
//! Limit: giving up a call does not undo it. Whether it took effect is unknown.

mod header;
mod layer;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

pub use self::{
    header::{TIME_LEFT, read_time_left, write_time_left},
    layer::{TimeoutCall, TimeoutLayer, TimeoutService},
};
use crate::{
    Context, Doors, Error, Mode, Problems, Reason, Rejected, Tick,
    clock::nanos,
    counters::Counter,
    policy::{Core, handle},
};

/// How long a call may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeoutOptions {
    /// How far it may go.
    pub mode: Mode,
    /// A call ends within this time, or earlier if its caller asks so.
    #[serde(with = "human::required")]
    pub within: Duration,
}

impl Default for TimeoutOptions {
    fn default() -> Self {
        Self { mode: Mode::Enforce, within: Duration::from_secs(5) }
    }
}

impl TimeoutOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.some_time("within", self.within);
        problems.into_result()
    }
}

/// A timeout as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimeoutState {
    /// Calls that were given up after their time.
    pub timed_out: u64,
    /// Calls that were not sent because their deadline had passed.
    pub too_late: u64,
    /// Calls that would have been given up or not sent, were it not only observing.
    pub would_time_out: u64,
}

/// A timeout. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Timeout(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<TimeoutOptions>,
    /// `within` of the options once more: it is read on every call.
    within_nanos: AtomicU64,
    timed_out: Counter,
    too_late: Counter,
    would_time_out: Counter,
}

impl Timeout {
    /// A timeout.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: TimeoutOptions, doors: &Doors) -> Result<Self, Problems> {
        let within_nanos = AtomicU64::new(nanos(options.within));
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            within_nanos,
            timed_out: Counter::default(),
            too_late: Counter::default(),
            would_time_out: Counter::default(),
        })))
    }

    /// Sets the deadline of a call that begins now; `None` when the timeout is off.
    ///
    /// # Errors
    /// A [`Rejected`] when the caller's deadline has passed.
    pub fn begin(&self, context: &mut Context) -> Result<Option<Tick>, Rejected> {
        let mode = self.0.core.mode();
        if mode == Mode::Off {
            return Ok(None);
        }
        let now = self.0.core.doors.time.now();
        let within = Duration::from_nanos(self.0.within_nanos.load(Ordering::Acquire));
        let latest = now.after(within);
        let deadline = context.deadline.map_or(latest, |asked| asked.min(latest));
        if mode == Mode::Observe {
            return Ok(Some(deadline));
        }
        if deadline <= now {
            self.0.too_late.add_one();
            return Err(self.reject(Reason::DeadlinePassed));
        }
        context.deadline = Some(deadline);
        Ok(Some(deadline))
    }

    /// The answer to a call whose deadline has come: a rejection, unless it is only observing.
    fn expire(&self) -> Option<Rejected> {
        if self.0.core.mode() == Mode::Enforce {
            self.0.timed_out.add_one();
            return Some(self.reject(Reason::TimedOut));
        }
        self.0.would_time_out.add_one();
        None
    }

    /// Makes a call that is given up in time. It gets the context with its deadline.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the time is over, otherwise the call's own.
    pub async fn call<T, E, F>(
        &self,
        mut context: Context,
        call: impl FnOnce(Context) -> F,
    ) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let deadline = self.begin(&mut context)?;
        let mut call = pin!(call(context));
        let Some(deadline) = deadline else { return call.await.map_err(Error::Inner) };
        let mut sleep = pin!(self.0.core.doors.time.sleep_until(deadline));
        let first = poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| None),
        });
        if let Some(outcome) = first.await {
            return outcome.map_err(Error::Inner);
        }
        match self.expire() {
            Some(rejected) => Err(rejected.into()),
            None => call.await.map_err(Error::Inner),
        }
    }

    /// The layer.
    pub fn layer(&self) -> TimeoutLayer {
        TimeoutLayer::new(self.clone())
    }

    /// The timeout as it is now.
    pub fn state(&self) -> TimeoutState {
        TimeoutState {
            timed_out: self.0.timed_out.get(),
            too_late: self.0.too_late.get(),
            would_time_out: self.0.would_time_out.get(),
        }
    }

    fn core(&self) -> &Core<TimeoutOptions> {
        &self.0.core
    }

    fn apply(&self, options: TimeoutOptions) {
        self.0.within_nanos.store(nanos(options.within), Ordering::Release);
        self.0.core.store(Arc::new(options));
    }

    fn reject(&self, reason: Reason) -> Rejected {
        Rejected { policy: Arc::clone(&self.0.core.name), reason, retry_after: None }
    }
}

handle!(Timeout, TimeoutOptions);
