//! Hedging around a tower service.

use std::{
    future::Future,
    pin::Pin,
    task::{Context as Task, Poll},
};

use tower::Service;

use super::Hedge;
use crate::{
    Classify, Mode, Outcome, Rejectable, Repeatable, Safety, Sleep, Tick, classify::judge,
};

/// A service whose slow calls are raced by a second one.
#[derive(Debug, Clone)]
pub struct HedgeService<S, C> {
    inner: S,
    hedge: Hedge,
    classify: C,
}

impl<S, C> HedgeService<S, C> {
    pub(super) const fn new(inner: S, hedge: Hedge, classify: C) -> Self {
        Self { inner, hedge, classify }
    }
}

impl<S, R, C> Service<R> for HedgeService<S, C>
where
    S: Service<R> + Clone,
    S::Error: Rejectable,
    R: Repeatable,
    C: Classify<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = HedgeCall<S, R, C, S::Future>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let mode = self.hedge.0.core.mode();
        let mut spare = None;
        if mode != Mode::Off && request.safety() == Safety::Idempotent {
            let mut context = request.context();
            context.tried.get_or_insert_default();
            request.set_context(context);
            spare = request.repeat();
            self.hedge.began();
        }
        HedgeCall {
            first: Some(self.inner.call(request)),
            second: None,
            sleep: None,
            began: self.hedge.0.core.doors.time.now(),
            second_began: Tick::ZERO,
            service: self.inner.clone(),
            spare,
            hedge: self.hedge.clone(),
            classify: self.classify.clone(),
            measured: mode != Mode::Off,
        }
    }
}

pin_project_lite::pin_project! {
    /// A call that may be raced by a second one.
    pub struct HedgeCall<S, R, C, F> {
        #[pin]
        first: Option<F>,
        #[pin]
        second: Option<F>,
        #[pin]
        sleep: Option<Sleep>,
        began: Tick,
        second_began: Tick,
        service: S,
        // The request once more, until the second call is sent or ruled out.
        spare: Option<R>,
        hedge: Hedge,
        classify: C,
        measured: bool,
    }
}

impl<S, R, C> Future for HedgeCall<S, R, C, S::Future>
where
    S: Service<R>,
    S::Error: Rejectable,
    R: Repeatable,
    C: Classify<S::Response, S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(outcome) = self.as_mut().poll_first(cx) {
            return Poll::Ready(outcome);
        }
        if self.spare.is_some() {
            self.as_mut().poll_start(cx);
        }
        self.poll_second(cx)
    }
}

impl<S, R, C> HedgeCall<S, R, C, S::Future>
where
    S: Service<R>,
    S::Error: Rejectable,
    R: Repeatable,
    C: Classify<S::Response, S::Error>,
{
    /// The first call; when it fails while the second is out, that one decides.
    fn poll_first(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Result<S::Response, S::Error>> {
        let mut this = self.project();
        let Some(first) = this.first.as_mut().as_pin_mut() else { return Poll::Pending };
        let Poll::Ready(outcome) = first.poll(cx) else { return Poll::Pending };
        let good = judge(this.classify, &outcome).outcome == Outcome::Success;
        if good && *this.measured {
            this.hedge.took(this.hedge.0.core.doors.time.now().since(*this.began));
        }
        if good || this.second.is_none() {
            return Poll::Ready(outcome);
        }
        this.first.set(None);
        Poll::Pending
    }

    /// Waits for the delay and sends the second call, if the budget has one.
    fn poll_start(self: Pin<&mut Self>, cx: &mut Task<'_>) {
        let mut this = self.project();
        let time = &this.hedge.0.core.doors.time;
        if this.sleep.is_none() {
            let at = this.began.after(this.hedge.delay());
            this.sleep.set(Some(time.sleep_until(at)));
        }
        let over = this.sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready());
        if !over {
            return;
        }
        // A service that is not ready, or never will be, leaves the first call to itself.
        match this.service.poll_ready(cx) {
            Poll::Pending => {
                // The sleep is over and must not be polled again; one of no length takes its place.
                this.sleep.set(Some(time.sleep_until(Tick::ZERO)));
                return;
            }
            Poll::Ready(Err(_)) => *this.spare = None,
            Poll::Ready(Ok(())) => {}
        }
        let Some(mut request) = this.spare.take().filter(|_| this.hedge.draw()) else { return };
        let mut context = request.context();
        context.attempt += 1;
        request.set_context(context);
        *this.second_began = time.now();
        this.second.set(Some(this.service.call(request)));
    }

    fn poll_second(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Result<S::Response, S::Error>> {
        let mut this = self.project();
        let Some(second) = this.second.as_mut().as_pin_mut() else { return Poll::Pending };
        let Poll::Ready(outcome) = second.poll(cx) else { return Poll::Pending };
        let good = judge(this.classify, &outcome).outcome == Outcome::Success;
        if !good && this.first.is_some() {
            this.second.set(None);
            return Poll::Pending;
        }
        if good {
            let now = this.hedge.0.core.doors.time.now();
            this.hedge.0.won.add_one();
            this.hedge.took(now.since(*this.second_began));
            // What the first would have taken is not known, but it is at least this.
            this.hedge.took(now.since(*this.began));
        }
        Poll::Ready(outcome)
    }
}

impl<S, R, C, F> std::fmt::Debug for HedgeCall<S, R, C, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HedgeCall")
    }
}
