//! Retry: again, elsewhere, a little later — and only when that helps and harms nobody.
//!
//! A call is made again only if its failure may pass, and it is idempotent, or carries an idempotency
//! key, or was certainly not sent. The wait before it is drawn from all of `0..backoff` (full
//! jitter), so that callers who failed together do not come back together; a `Retry-After` is waited
//! for, if it is not too long. All attempts share one deadline. A budget bounds the extra load, and
//! a request that is itself someone's retry is not retried, so that attempts do not multiply from
//! layer to layer. The [`Context`](crate::Context) tells a balancer where earlier attempts went.
//!
//! Limit: the budget is kept for this policy in this process.

mod attempts;
mod call;
mod options;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tower::Layer;

pub use self::{attempts::Attempts, call::RetryCall, call::RetryService, options::RetryOptions};
use crate::{
    AnyError, Classify, Context, Doors, Error, Mode, Problems, Rejectable, Safety, Tick, Verdict,
    budget::{Budget, BudgetState},
    classify::judge,
    clock::nanos,
    counters::Counter,
    policy::{Core, handle},
    repeat::may_repeat,
};

/// A retry policy as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetryState {
    /// Requests that came.
    pub requests: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Attempts beyond the first that would have been made, were it not only observing.
    pub would_retry: u64,
    /// Failures that were not tried again because the budget was used up.
    pub out_of_budget: u64,
    /// Failures that were not tried again because the deadline would have passed.
    pub out_of_time: u64,
    /// The budget's window.
    pub budget: BudgetState,
}

/// A retry policy. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Retry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<RetryOptions>,
    /// `within` of the options once more, or the longest time there is: it is read on every call.
    within_nanos: AtomicU64,
    budget: arc_swap::ArcSwap<Budget>,
    requests: Counter,
    retries: Counter,
    would_retry: Counter,
    out_of_budget: Counter,
    out_of_time: Counter,
}

impl Retry {
    /// A retry policy with a fresh budget.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: RetryOptions, doors: &Doors) -> Result<Self, Problems> {
        let budget = Budget::new(&options.budget);
        let within_nanos = AtomicU64::new(within_nanos(&options));
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            within_nanos,
            budget: arc_swap::ArcSwap::from_pointee(budget),
            requests: Counter::default(),
            retries: Counter::default(),
            would_retry: Counter::default(),
            out_of_budget: Counter::default(),
            out_of_time: Counter::default(),
        })))
    }

    /// A request begins: its context gets the deadline that all its attempts share.
    fn begin(&self, context: &mut Context) {
        let mode = self.0.core.mode();
        if mode == Mode::Off {
            return;
        }
        let now = self.0.core.doors.time.now();
        self.0.requests.add_one();
        self.0.budget.load().earn(now);
        let within = self.0.within_nanos.load(Ordering::Acquire);
        if mode == Mode::Enforce && within != u64::MAX {
            let latest = now.after(Duration::from_nanos(within));
            context.deadline = Some(context.deadline.map_or(latest, |asked| asked.min(latest)));
        }
    }

    /// When to try again after attempt number `attempt`, if at all.
    fn next(
        &self,
        attempt: u32,
        safety: Safety,
        deadline: Option<Tick>,
        verdict: Verdict,
    ) -> Option<Tick> {
        // Most calls succeed: they are done here, without a look at the options.
        if !may_repeat(safety, verdict) {
            return None;
        }
        let inner = &*self.0;
        let options = inner.core.options.load();
        if options.mode == Mode::Off
            || attempt + 1 >= options.attempts_max
            || verdict.retry_after.is_some_and(|asked| asked > options.retry_after_max)
        {
            return None;
        }
        let now = inner.core.doors.time.now();
        let backoff = inner.core.doors.random.up_to(options.backoff(attempt));
        let at = now.after(backoff.max(verdict.retry_after.unwrap_or(Duration::ZERO)));
        if deadline.is_some_and(|deadline| at >= deadline) {
            inner.out_of_time.add_one();
            return None;
        }
        if !inner.budget.load().draw(&options.budget, now) {
            inner.out_of_budget.add_one();
            return None;
        }
        if options.mode == Mode::Observe {
            inner.would_retry.add_one();
            return None;
        }
        inner.retries.add_one();
        Some(at)
    }

    /// Makes a call, again if it fails and `safety` allows. Each attempt gets its own context.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn call<T, E, F>(
        &self,
        context: Context,
        safety: Safety,
        mut call: impl FnMut(Context) -> F,
    ) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let lifted = |context| {
            let call = call(context);
            async { call.await.map_err(Error::Inner) }
        };
        self.through(&AnyError, context, safety, lifted).await
    }

    /// Makes a call, again if it fails and `safety` allows, keeping the call's error type;
    /// `classify` says what an outcome means.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn through<T, E, C, F>(
        &self,
        classify: &C,
        mut context: Context,
        safety: Safety,
        mut call: impl FnMut(Context) -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Rejectable,
        C: Classify<T, E>,
    {
        let retried_above = context.attempt > 0;
        self.begin(&mut context);
        context.tried.get_or_insert_default();
        loop {
            let outcome = call(context.clone()).await;
            let verdict = judge(classify, &outcome);
            if retried_above {
                return outcome;
            }
            match self.next(context.attempt, safety, context.deadline, verdict) {
                None => return outcome,
                Some(at) => self.0.core.doors.time.sleep_until(at).await,
            }
            context.attempt += 1;
        }
    }

    /// The layer, with every `Err` a failure; [`RetryLayer::classify`] changes that.
    pub fn layer(&self) -> RetryLayer<AnyError> {
        RetryLayer { retry: self.clone(), classify: AnyError }
    }

    /// The policy as it is now.
    pub fn state(&self) -> RetryState {
        RetryState {
            requests: self.0.requests.get(),
            retries: self.0.retries.get(),
            would_retry: self.0.would_retry.get(),
            out_of_budget: self.0.out_of_budget.get(),
            out_of_time: self.0.out_of_time.get(),
            budget: self.0.budget.load().state(self.0.core.doors.time.now()),
        }
    }

    fn core(&self) -> &Core<RetryOptions> {
        &self.0.core
    }

    fn apply(&self, options: RetryOptions) {
        self.0.within_nanos.store(within_nanos(&options), Ordering::Release);
        if options.budget.window != self.0.core.options.load().budget.window {
            self.0.budget.store(Arc::new(Budget::new(&options.budget)));
        }
        self.0.core.store(Arc::new(options));
    }
}

handle!(Retry, RetryOptions);

fn within_nanos(options: &RetryOptions) -> u64 {
    options.within.map_or(u64::MAX, nanos)
}

/// Puts retries around services.
#[derive(Debug, Clone)]
pub struct RetryLayer<C> {
    retry: Retry,
    classify: C,
}

impl<C> RetryLayer<C> {
    /// The same, with the caller's own view of what an outcome means.
    pub fn classify<D>(self, classify: D) -> RetryLayer<D> {
        RetryLayer { retry: self.retry, classify }
    }
}

impl<S, C: Clone> Layer<S> for RetryLayer<C> {
    type Service = RetryService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService::new(inner, self.retry.clone(), self.classify.clone())
    }
}
