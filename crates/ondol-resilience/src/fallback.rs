//! Fallback: a second-best answer when the first cannot be had, with a limit of its own.
//!
//! The limit matters: when the first service is down, *all* its load comes here at once. Calls above
//! the limit get the original error.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use serde::{Deserialize, Serialize};
use tower::{Layer, Service};

use crate::{
    Doors, Mode, Problems, Rejectable,
    bulkhead::gate::Gate,
    counters::Counter,
    policy::{Core, handle},
};

/// When to fall back, and how many calls at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FallbackOptions {
    /// How far it may go.
    pub mode: Mode,
    /// For which errors.
    pub upon: Upon,
    /// The most fallbacks at once.
    pub calls_max: u32,
}

/// For which errors to fall back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upon {
    /// For rejections of policies: the breaker is open, the time is over.
    Rejection,
    /// For these and the service's own errors.
    #[default]
    AnyError,
}

impl Default for FallbackOptions {
    fn default() -> Self {
        Self { mode: Mode::Enforce, upon: Upon::AnyError, calls_max: 100 }
    }
}

impl FallbackOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.range("calls_max", self.calls_max, 1, 1_000_000);
        problems.into_result()
    }
}

/// A fallback as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FallbackState {
    /// Fallbacks under way.
    pub calls: u32,
    /// Errors that were answered by the fallback.
    pub used: u64,
    /// Errors that were passed on because too many fallbacks were under way.
    pub full: u64,
    /// Errors that would have been answered, were it not only observing.
    pub would_use: u64,
}

/// A fallback. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Fallback(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<FallbackOptions>,
    gate: Gate,
    used: Counter,
    full: Counter,
    would_use: Counter,
}

/// A place among the fallbacks under way.
#[derive(Debug)]
struct FallbackPlace(Fallback);

impl Drop for FallbackPlace {
    fn drop(&mut self) {
        self.0.0.gate.leave();
    }
}

impl Fallback {
    /// A fallback with nothing under way.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: FallbackOptions, doors: &Doors) -> Result<Self, Problems> {
        let gate = Gate::new(options.calls_max);
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            gate,
            used: Counter::default(),
            full: Counter::default(),
            would_use: Counter::default(),
        })))
    }

    /// A place for a fallback upon this error, if it is to be answered at all.
    fn begin(&self, error: &impl Rejectable) -> Option<FallbackPlace> {
        let inner = &*self.0;
        let options = inner.core.options.load();
        let meant = options.upon == Upon::AnyError || error.rejection().is_some();
        match options.mode {
            Mode::Enforce if meant => {}
            Mode::Observe if meant => {
                inner.would_use.add_one();
                return None;
            }
            Mode::Off | Mode::Observe | Mode::Enforce => return None,
        }
        if inner.gate.try_enter() {
            inner.used.add_one();
            return Some(FallbackPlace(self.clone()));
        }
        inner.full.add_one();
        None
    }

    /// Makes a call, and `instead` when it ends in an error that is to be answered.
    ///
    /// # Errors
    /// The fallback's error, or the call's own if there is no fallback for it.
    pub async fn call<T, E, F, G>(
        &self,
        call: impl FnOnce() -> F,
        instead: impl FnOnce(E) -> G,
    ) -> Result<T, E>
    where
        E: Rejectable,
        F: Future<Output = Result<T, E>>,
        G: Future<Output = Result<T, E>>,
    {
        match call().await {
            Ok(answer) => Ok(answer),
            Err(error) => match self.begin(&error) {
                Some(_place) => instead(error).await,
                None => Err(error),
            },
        }
    }

    /// The layer: `instead` gets the request again and the error.
    pub fn layer<B>(&self, instead: B) -> FallbackLayer<B> {
        FallbackLayer { fallback: self.clone(), instead }
    }

    /// The fallback as it is now.
    pub fn state(&self) -> FallbackState {
        FallbackState {
            calls: self.0.gate.load().0,
            used: self.0.used.get(),
            full: self.0.full.get(),
            would_use: self.0.would_use.get(),
        }
    }

    fn core(&self) -> &Core<FallbackOptions> {
        &self.0.core
    }

    fn apply(&self, options: FallbackOptions) {
        self.0.gate.set_max(options.calls_max);
        self.0.core.store(Arc::new(options));
    }
}

handle!(Fallback, FallbackOptions);

/// Puts a fallback behind services.
#[derive(Debug, Clone)]
pub struct FallbackLayer<B> {
    fallback: Fallback,
    instead: B,
}

impl<S, B: Clone> Layer<S> for FallbackLayer<B> {
    type Service = FallbackService<S, B>;

    fn layer(&self, inner: S) -> Self::Service {
        FallbackService { inner, fallback: self.fallback.clone(), instead: self.instead.clone() }
    }
}

/// A service with a fallback.
#[derive(Debug, Clone)]
pub struct FallbackService<S, B> {
    inner: S,
    fallback: Fallback,
    instead: B,
}

impl<S, R, B, G> Service<R> for FallbackService<S, B>
where
    S: Service<R>,
    S::Error: Rejectable,
    R: Clone,
    B: FnOnce(R, S::Error) -> G + Clone,
    G: Future<Output = Result<S::Response, S::Error>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = FallbackCall<S::Future, R, B, G>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let kept = Some((request.clone(), self.instead.clone()));
        let call = self.inner.call(request);
        FallbackCall { state: State::First { call, kept }, fallback: self.fallback.clone() }
    }
}

pin_project_lite::pin_project! {
    /// A call with a fallback.
    pub struct FallbackCall<F, R, B, G> {
        #[pin]
        state: State<F, R, B, G>,
        fallback: Fallback,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    enum State<F, R, B, G> {
        First { #[pin] call: F, kept: Option<(R, B)> },
        Instead { #[pin] call: G, place: Option<FallbackPlace> },
    }
}

impl<F, R, B, G, T, E> Future for FallbackCall<F, R, B, G>
where
    F: Future<Output = Result<T, E>>,
    E: Rejectable,
    B: FnOnce(R, E) -> G,
    G: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::First { call, kept } => match ready!(call.poll(cx)) {
                    Ok(answer) => return Poll::Ready(Ok(answer)),
                    Err(error) => {
                        let Some(place) = this.fallback.begin(&error) else {
                            return Poll::Ready(Err(error));
                        };
                        let (request, instead) =
                            kept.take().expect("a finished future is not polled again");
                        let call = instead(request, error);
                        this.state.set(State::Instead { call, place: Some(place) });
                    }
                },
                StateProjection::Instead { call, place } => {
                    let outcome = ready!(call.poll(cx));
                    place.take();
                    return Poll::Ready(outcome);
                }
            }
        }
    }
}

impl<F, R, B, G> std::fmt::Debug for FallbackCall<F, R, B, G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FallbackCall")
    }
}
