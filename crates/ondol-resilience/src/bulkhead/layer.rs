//! The bulkhead around a tower service.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tower::{Layer, Service};

use super::{Bulkhead, Entering, Place};
use crate::{Carries, Rejected};

/// Puts services into a bulkhead.
#[derive(Debug, Clone)]
pub struct BulkheadLayer(Bulkhead);

impl BulkheadLayer {
    pub(super) const fn new(bulkhead: Bulkhead) -> Self {
        Self(bulkhead)
    }
}

impl<S> Layer<S> for BulkheadLayer {
    type Service = BulkheadService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BulkheadService { inner, bulkhead: self.0.clone() }
    }
}

/// A service in a bulkhead.
#[derive(Debug, Clone)]
pub struct BulkheadService<S> {
    inner: S,
    bulkhead: Bulkhead,
}

impl<S, R> Service<R> for BulkheadService<S>
where
    S: Service<R> + Clone,
    S::Error: From<Rejected>,
    R: Carries,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BulkheadCall<S, R, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let state = if let Some(place) = self.bulkhead.enter_at_once() {
            State::In { call: self.inner.call(request), place: Some(place) }
        } else {
            // The service that is ready waits with the request; a fresh clone takes its turn here.
            let fresh = self.inner.clone();
            State::Queueing {
                entering: self.bulkhead.enter(&request.context()),
                waiting: Some((std::mem::replace(&mut self.inner, fresh), request)),
            }
        };
        BulkheadCall { state }
    }
}

pin_project_lite::pin_project! {
    /// A call in a bulkhead, or on its way into it.
    pub struct BulkheadCall<S, R, F> {
        #[pin]
        state: State<S, R, F>,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    enum State<S, R, F> {
        Queueing { #[pin] entering: Entering, waiting: Option<(S, R)> },
        In { #[pin] call: F, place: Option<Place> },
    }
}

impl<S, R> Future for BulkheadCall<S, R, S::Future>
where
    S: Service<R>,
    S::Error: From<Rejected>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::In { call, place } => {
                    let outcome = ready!(call.poll(cx));
                    place.take();
                    return Poll::Ready(outcome);
                }
                StateProjection::Queueing { entering, waiting } => {
                    let place = Some(ready!(entering.poll(cx))?);
                    let (mut service, request) =
                        waiting.take().expect("a finished future is not polled again");
                    this.state.set(State::In { call: service.call(request), place });
                }
            }
        }
    }
}

impl<S, R, F> std::fmt::Debug for BulkheadCall<S, R, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BulkheadCall")
    }
}
