//! Chaos on purpose: a share of calls is delayed, fails, or loses its answer.
//!
//! Delays try time-outs and hedges; errors try retries and breakers; a lost answer — the call is made
//! and takes effect, and its answer is thrown away — tries whether a retry does things twice.
//! Its ordinary mode is `off`, so that a table that is left in a file does nothing by itself.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};
use tower::{Layer, Service};

use crate::{
    Doors, Mode, Problems, Reason, Rejected, Sleep,
    counters::Counter,
    policy::{Core, handle},
};

/// Which calls suffer, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChaosOptions {
    /// How far it may go.
    pub mode: Mode,
    /// The share of calls that are delayed …
    pub delay_share: f64,
    /// … by at least this …
    #[serde(with = "human::required")]
    pub delay_min: Duration,
    /// … and at most this.
    #[serde(with = "human::required")]
    pub delay_max: Duration,
    /// The share of calls that fail without being made.
    pub error_share: f64,
    /// The share of calls that are made and whose answer is lost.
    pub abort_share: f64,
}

impl Default for ChaosOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            delay_share: 0.0,
            delay_min: Duration::from_millis(100),
            delay_max: Duration::from_secs(2),
            error_share: 0.0,
            abort_share: 0.0,
        }
    }
}

impl ChaosOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.share_or_none("delay_share", self.delay_share);
        problems.share_or_none("error_share", self.error_share);
        problems.share_or_none("abort_share", self.abort_share);
        if self.error_share + self.abort_share > 1.0 {
            problems.add("abort_share", "must not be above 1 together with `error_share`");
        }
        if self.delay_min > self.delay_max {
            problems.add("delay_min", "must not be above `delay_max`");
        }
        problems.into_result()
    }
}

/// Chaos as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChaosState {
    /// Calls that came while it was not off.
    pub calls: u64,
    /// Calls that were delayed, or would have been.
    pub delayed: u64,
    /// Calls that failed without being made, or would have.
    pub failed: u64,
    /// Calls whose answer was lost, or would have been.
    pub aborted: u64,
}

/// Chaos. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Chaos(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<ChaosOptions>,
    calls: Counter,
    delayed: Counter,
    failed: Counter,
    aborted: Counter,
}

/// What is to happen to a call.
#[derive(Debug, Default)]
struct Fate {
    delay: Option<Duration>,
    fails: bool,
    aborts: bool,
}

impl Chaos {
    /// Chaos, of which nothing has happened yet.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: ChaosOptions, doors: &Doors) -> Result<Self, Problems> {
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            calls: Counter::default(),
            delayed: Counter::default(),
            failed: Counter::default(),
            aborted: Counter::default(),
        })))
    }

    fn draw(&self) -> Fate {
        let inner = &*self.0;
        let options = inner.core.options.load();
        if options.mode == Mode::Off {
            return Fate::default();
        }
        inner.calls.add_one();
        let random = &inner.core.doors.random;
        let mut fate = Fate::default();
        if random.chance(options.delay_share) {
            inner.delayed.add_one();
            let more = random.up_to(options.delay_max.saturating_sub(options.delay_min));
            fate.delay = Some(options.delay_min + more);
        }
        let unit = random.unit();
        if unit < options.error_share {
            inner.failed.add_one();
            fate.fails = true;
        } else if unit < options.error_share + options.abort_share {
            inner.aborted.add_one();
            fate.aborts = true;
        }
        if options.mode == Mode::Observe { Fate::default() } else { fate }
    }

    /// The layer.
    pub fn layer(&self) -> ChaosLayer {
        ChaosLayer(self.clone())
    }

    /// Chaos as it is now.
    pub fn state(&self) -> ChaosState {
        ChaosState {
            calls: self.0.calls.get(),
            delayed: self.0.delayed.get(),
            failed: self.0.failed.get(),
            aborted: self.0.aborted.get(),
        }
    }

    /// Makes a call, or not, or not at once, or for nothing.
    ///
    /// # Errors
    /// One made from [`Rejected`] when chaos says so, otherwise the call's own.
    pub async fn through<T, E, F>(&self, call: impl FnOnce() -> F) -> Result<T, E>
    where
        E: From<Rejected>,
        F: Future<Output = Result<T, E>>,
    {
        let fate = self.draw();
        if let Some(delay) = fate.delay {
            self.0.core.doors.time.sleep(delay).await;
        }
        if fate.fails {
            return Err(self.reject().into());
        }
        let outcome = call().await;
        if fate.aborts { Err(self.lose().into()) } else { outcome }
    }

    fn reject(&self) -> Rejected {
        Rejected { policy: Arc::clone(&self.0.core.name), reason: Reason::Chaos, retry_after: None }
    }

    /// A lost answer looks like a time-out: nobody knows whether the call took effect.
    fn lose(&self) -> Rejected {
        Rejected { reason: Reason::TimedOut, ..self.reject() }
    }

    fn core(&self) -> &Core<ChaosOptions> {
        &self.0.core
    }

    fn apply(&self, options: ChaosOptions) {
        self.0.core.store(Arc::new(options));
    }
}

handle!(Chaos, ChaosOptions);

/// Puts chaos before services.
#[derive(Debug, Clone)]
pub struct ChaosLayer(Chaos);

impl<S> Layer<S> for ChaosLayer {
    type Service = ChaosService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ChaosService { inner, chaos: self.0.clone() }
    }
}

/// A service before which there is chaos.
#[derive(Debug, Clone)]
pub struct ChaosService<S> {
    inner: S,
    chaos: Chaos,
}

impl<S, R> Service<R> for ChaosService<S>
where
    S: Service<R> + Clone,
    S::Error: From<Rejected>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ChaosCall<S, R, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let fate = self.chaos.draw();
        let state = if let Some(delay) = fate.delay {
            let fresh = self.inner.clone();
            State::Delayed {
                sleep: self.chaos.0.core.doors.time.sleep(delay),
                waiting: Some((std::mem::replace(&mut self.inner, fresh), request)),
            }
        } else if fate.fails {
            State::Failed
        } else {
            State::Calling { call: self.inner.call(request) }
        };
        ChaosCall { state, fate, chaos: self.chaos.clone() }
    }
}

pin_project_lite::pin_project! {
    /// A call before which there is chaos.
    pub struct ChaosCall<S, R, F> {
        #[pin]
        state: State<S, R, F>,
        fate: Fate,
        chaos: Chaos,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    enum State<S, R, F> {
        Delayed { #[pin] sleep: Sleep, waiting: Option<(S, R)> },
        Failed,
        Calling { #[pin] call: F },
    }
}

impl<S, R> Future for ChaosCall<S, R, S::Future>
where
    S: Service<R>,
    S::Error: From<Rejected>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Failed => return Poll::Ready(Err(this.chaos.reject().into())),
                StateProjection::Calling { call } => {
                    let outcome = ready!(call.poll(cx));
                    let lost = this.fate.aborts.then(|| Err(this.chaos.lose().into()));
                    return Poll::Ready(lost.unwrap_or(outcome));
                }
                StateProjection::Delayed { sleep, waiting } => {
                    ready!(sleep.poll(cx));
                    let (mut service, request) =
                        waiting.take().expect("a finished future is not polled again");
                    let next = if this.fate.fails {
                        State::Failed
                    } else {
                        State::Calling { call: service.call(request) }
                    };
                    this.state.set(next);
                }
            }
        }
    }
}

impl<S, R, F> std::fmt::Debug for ChaosCall<S, R, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChaosCall")
    }
}
