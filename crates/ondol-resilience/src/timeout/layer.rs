//! The timeout around a tower service.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tower::{Layer, Service};

use super::Timeout;
use crate::{Carries, Rejected, Sleep, Tick};

/// Puts a timeout around services.
#[derive(Debug, Clone)]
pub struct TimeoutLayer(Timeout);

impl TimeoutLayer {
    pub(super) const fn new(timeout: Timeout) -> Self {
        Self(timeout)
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = TimeoutService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutService { inner, timeout: self.0.clone() }
    }
}

/// A service whose calls end in time.
#[derive(Debug, Clone)]
pub struct TimeoutService<S> {
    inner: S,
    timeout: Timeout,
}

impl<S, R> Service<R> for TimeoutService<S>
where
    S: Service<R>,
    S::Error: From<Rejected>,
    R: Carries,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = TimeoutCall<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let mut context = request.take_context();
        let state = match self.timeout.begin(&mut context) {
            Err(rejected) => State::Rejected { rejected: Some(rejected) },
            Ok(deadline) => {
                request.set_context(context);
                State::Going {
                    call: self.inner.call(request),
                    deadline,
                    sleep: None,
                    timeout: self.timeout.clone(),
                }
            }
        };
        TimeoutCall { state }
    }
}

pin_project_lite::pin_project! {
    /// A call that ends in time.
    #[derive(Debug)]
    pub struct TimeoutCall<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Going {
            #[pin]
            call: F,
            deadline: Option<Tick>,
            // Made only when the call does not answer at once: a timer costs more than the rest.
            #[pin]
            sleep: Option<Sleep>,
            timeout: Timeout,
        },
        Rejected { rejected: Option<Rejected> },
    }
}

impl<F, T, E> Future for TimeoutCall<F>
where
    F: Future<Output = Result<T, E>>,
    E: From<Rejected>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Rejected { rejected } => {
                let rejected = rejected.take().expect("a finished future is not polled again");
                Poll::Ready(Err(rejected.into()))
            }
            StateProjection::Going { call, deadline, mut sleep, timeout } => {
                if let Poll::Ready(outcome) = call.poll(cx) {
                    return Poll::Ready(outcome);
                }
                let Some(at) = *deadline else { return Poll::Pending };
                if sleep.is_none() {
                    sleep.set(Some(timeout.0.core.doors.time.sleep_until(at)));
                }
                if let Some(sleep) = sleep.as_pin_mut() {
                    ready!(sleep.poll(cx));
                }
                match timeout.expire() {
                    Some(rejected) => Poll::Ready(Err(rejected.into())),
                    None => {
                        *deadline = None;
                        Poll::Pending
                    }
                }
            }
        }
    }
}
