//! The breaker around a tower service.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tower::{Layer, Service};

use super::{Breaker, Permit};
use crate::{AnyError, Classify, Rejectable, Rejected, classify::judge};

/// Puts a breaker around services.
#[derive(Debug, Clone)]
pub struct BreakerLayer<C> {
    breaker: Breaker,
    classify: C,
}

/// A service behind a breaker.
#[derive(Debug, Clone)]
pub struct BreakerService<S, C> {
    inner: S,
    breaker: Breaker,
    classify: C,
}

impl BreakerLayer<AnyError> {
    pub(super) const fn new(breaker: Breaker) -> Self {
        Self { breaker, classify: AnyError }
    }
}

impl<C> BreakerLayer<C> {
    /// The same, with the caller's own view of what an outcome means.
    pub fn classify<D>(self, classify: D) -> BreakerLayer<D> {
        BreakerLayer { breaker: self.breaker, classify }
    }
}

impl<S, C: Clone> Layer<S> for BreakerLayer<C> {
    type Service = BreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        BreakerService { inner, breaker: self.breaker.clone(), classify: self.classify.clone() }
    }
}

impl<S, R, C> Service<R> for BreakerService<S, C>
where
    S: Service<R>,
    S::Error: Rejectable,
    C: Classify<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = GuardedCall<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let state = match self.breaker.acquire() {
            Ok(permit) => State::Calling {
                call: self.inner.call(request),
                permit: Some(permit),
                classify: self.classify.clone(),
            },
            Err(rejected) => State::Rejected { rejected: Some(rejected) },
        };
        GuardedCall { state }
    }
}

pin_project_lite::pin_project! {
    /// A call behind a breaker.
    #[derive(Debug)]
    pub struct GuardedCall<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, C> {
        Calling { #[pin] call: F, permit: Option<Permit>, classify: C },
        Rejected { rejected: Option<Rejected> },
    }
}

impl<F, C, T, E> Future for GuardedCall<F, C>
where
    F: Future<Output = Result<T, E>>,
    E: Rejectable,
    C: Classify<T, E>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Calling { call, permit, classify } => {
                let outcome = ready!(call.poll(cx));
                if let Some(permit) = permit.take() {
                    permit.finish(judge(classify, &outcome));
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
