//! Retries around a tower service.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context as Task, Poll, ready},
};

use tower::Service;

use super::Retry;
use crate::{
    Carries, Classify, Context, Rejectable, Repeatable, Safety, Sleep, Tick, Tried, classify::judge,
};

/// A service whose calls are made again when they fail.
#[derive(Debug, Clone)]
pub struct RetryService<S, C> {
    inner: S,
    retry: Retry,
    classify: C,
}

impl<S, C> RetryService<S, C> {
    pub(super) const fn new(inner: S, retry: Retry, classify: C) -> Self {
        Self { inner, retry, classify }
    }
}

impl<S, R, C> Service<R> for RetryService<S, C>
where
    S: Service<R> + Clone,
    S::Error: Rejectable,
    R: Repeatable,
    C: Classify<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = RetryCall<S, R, C, S::Future>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let mut context = request.take_context();
        let retried_above = context.attempt > 0;
        self.retry.begin(&mut context);
        context.tried.get_or_insert_with(spare_tried);
        let (attempt, deadline) = (context.attempt, context.deadline);
        request.set_context(context);
        let spare = if retried_above { None } else { request.repeat() };
        // The service that is ready makes the call and all that follow; a clone stays here.
        let fresh = self.inner.clone();
        let mut service = std::mem::replace(&mut self.inner, fresh);
        let call = service.call(request);
        RetryCall {
            safety: spare.as_ref().map_or(Safety::Once, Repeatable::safety),
            state: State::Calling { call },
            service,
            spare,
            attempt,
            deadline,
            retry: self.retry.clone(),
            classify: self.classify.clone(),
        }
    }
}

pin_project_lite::pin_project! {
    /// A call that is made again when it fails.
    pub struct RetryCall<S, R, C, F>
    where
        R: Carries,
    {
        #[pin]
        state: State<F>,
        service: S,
        spare: Option<R>,
        safety: Safety,
        attempt: u32,
        deadline: Option<Tick>,
        retry: Retry,
        classify: C,
    }

    impl<S, R, C, F> PinnedDrop for RetryCall<S, R, C, F>
    where
        R: Carries,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(tried) = this.spare.take().and_then(|mut spare| spare.take_context().tried) {
                keep_tried(tried);
            }
        }
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Calling { #[pin] call: F },
        Waiting { #[pin] sleep: Sleep },
        GettingReady,
    }
}

impl<S, R, C> Future for RetryCall<S, R, C, S::Future>
where
    S: Service<R>,
    S::Error: Rejectable,
    R: Repeatable,
    C: Classify<S::Response, S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Calling { call } => {
                    let outcome = ready!(call.poll(cx));
                    if this.spare.is_none() {
                        return Poll::Ready(outcome);
                    }
                    let verdict = judge(this.classify, &outcome);
                    match this.retry.next(*this.attempt, *this.safety, *this.deadline, verdict) {
                        None => return Poll::Ready(outcome),
                        Some(at) => {
                            let sleep = this.retry.0.core.doors.time.sleep_until(at);
                            this.state.set(State::Waiting { sleep });
                        }
                    }
                }
                StateProjection::Waiting { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::GettingReady);
                }
                StateProjection::GettingReady => {
                    ready!(this.service.poll_ready(cx))?;
                    let mut request = this.spare.take().expect("kept as long as one may retry");
                    *this.attempt += 1;
                    let context = Context { attempt: *this.attempt, ..request.take_context() };
                    request.set_context(context);
                    *this.spare = request.repeat();
                    this.state.set(State::Calling { call: this.service.call(request) });
                }
            }
        }
    }
}

impl<S, R: Carries, C, F> std::fmt::Debug for RetryCall<S, R, C, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RetryCall").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

thread_local! {
    /// One that an earlier request of this thread is done with: most requests need no new one.
    static SPARE: Cell<Option<Tried>> = const { Cell::new(None) };
}

fn spare_tried() -> Tried {
    SPARE.take().unwrap_or_default()
}

fn keep_tried(mut tried: Tried) {
    if tried.renew() {
        SPARE.set(Some(tried));
    }
}
