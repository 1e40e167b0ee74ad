//! One tower service for all policies that decide at once whether a call may go.
//!
//! Such a policy admits a request or rejects it; admitted, the call holds a guard, which is told the
//! outcome or, when the call is dropped, is dropped with it. Readiness is that of the service
//! inside: a policy that rejects does so in its answer, never by not being ready, so that a
//! rejected caller learns at once and can go elsewhere.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tower::Service;

use crate::{Rejectable, Rejected};

/// A policy that decides at once.
pub trait Admit<R> {
    /// What an admitted call holds.
    type Guard;

    /// Lets the request through, or not.
    ///
    /// # Errors
    /// A [`Rejected`] that says why not.
    fn admit(&self, request: &R) -> Result<Self::Guard, Rejected>;
}

/// What an admitted call holds until it is done.
pub trait Guard<T, E> {
    /// The call has this outcome.
    fn done(self, outcome: &Result<T, E>);
}

/// Nothing is held.
impl<T, E> Guard<T, E> for () {
    fn done(self, _: &Result<T, E>) {}
}

/// A service behind a policy that decides at once.
#[derive(Debug, Clone)]
pub struct Guarded<S, A> {
    inner: S,
    admission: A,
}

impl<S, A> Guarded<S, A> {
    pub(crate) const fn new(inner: S, admission: A) -> Self {
        Self { inner, admission }
    }
}

impl<S, R, A> Service<R> for Guarded<S, A>
where
    S: Service<R>,
    S::Error: Rejectable,
    A: Admit<R>,
    A::Guard: Guard<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = GuardedCall<S::Future, A::Guard>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        match self.admission.admit(&request) {
            Ok(guard) => GuardedCall::going(self.inner.call(request), guard),
            Err(rejected) => GuardedCall::rejected(rejected),
        }
    }
}

pin_project_lite::pin_project! {
    /// A call behind a policy, or its rejection.
    #[derive(Debug)]
    pub struct GuardedCall<F, G> {
        #[pin]
        state: State<F, G>,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, G> {
        Going { #[pin] call: F, guard: Option<G> },
        Rejected { rejected: Option<Rejected> },
    }
}

impl<F, G> GuardedCall<F, G> {
    pub(crate) const fn going(call: F, guard: G) -> Self {
        Self { state: State::Going { call, guard: Some(guard) } }
    }

    pub(crate) const fn rejected(rejected: Rejected) -> Self {
        Self { state: State::Rejected { rejected: Some(rejected) } }
    }
}

impl<F, G, T, E> Future for GuardedCall<F, G>
where
    F: Future<Output = Result<T, E>>,
    E: From<Rejected>,
    G: Guard<T, E>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Going { call, guard } => {
                let outcome = ready!(call.poll(cx));
                if let Some(guard) = guard.take() {
                    guard.done(&outcome);
                }
                Poll::Ready(outcome)
            }
            StateProjection::Rejected { rejected } => {
                let rejected = rejected.take().expect("a finished future is not polled again");
                Poll::Ready(Err(rejected.into()))
            }
        }
    }
}

/// Makes an admission a layer of [`Guarded`] services.
macro_rules! guard_layer {
    ($layer:ident $(<$generic:ident>)?) => {
        impl<S $(, $generic: Clone)?> tower::Layer<S> for $layer $(<$generic>)? {
            type Service = $crate::Guarded<S, Self>;

            fn layer(&self, inner: S) -> Self::Service {
                $crate::Guarded::new(inner, self.clone())
            }
        }
    };
}
pub(crate) use guard_layer;
