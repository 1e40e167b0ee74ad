//! What tower asks of a service, asked of all layers at once: readiness is waited for and woken, only
//! what is ready is called, and what was reserved is free again.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use ondol_resilience::{
    Adaptive, AdaptiveOptions, Balancer, BalancerOptions, BudgetOptions, Bulkhead, BulkheadOptions,
    Carried, Chaos, ChaosOptions, Endpoint, Error, Fallback, FallbackOptions, Hedge, HedgeOptions,
    LoadShed, LoadShedOptions, Mode, RateLimit, RateLimitOptions, Retry, RetryOptions, Timeout,
    TimeoutOptions,
};
use tokio::task::{JoinSet, LocalSet};
use tower::{Layer, Service, ServiceExt};

use crate::rig::{Answer, Down, Rig, idempotent, millis, secs};

type Request = Carried<&'static str>;

/// What a strict service and its clones share.
#[derive(Default)]
struct Shared {
    open: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
    reserved: AtomicI64,
    calls: AtomicU64,
    /// So many calls fail before one succeeds.
    failures: AtomicU64,
    /// So many calls hang before one answers.
    hanging: AtomicU64,
}

impl Shared {
    fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
        self.wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    fn opened() -> Arc<Self> {
        let shared = Arc::new(Self::default());
        shared.open();
        shared
    }

    fn reserved(&self) -> i64 {
        self.reserved.load(Ordering::SeqCst)
    }

    fn one_of(&self, number: &AtomicU64) -> bool {
        number.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// A service that reserves a place when it is ready, and must not be called without one.
struct Strict {
    shared: Arc<Shared>,
    ready: bool,
}

impl Strict {
    fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), ready: false }
    }
}

/// A clone has reserved nothing.
impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::new(&self.shared)
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        if self.ready {
            self.shared.reserved.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Service<Request> for Strict {
    type Response = ();
    type Error = Error<Down>;
    type Future = Pin<Box<dyn Future<Output = Answer<()>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Answer<()>> {
        if !self.shared.open.load(Ordering::SeqCst) {
            self.shared.wakers.lock().unwrap().push(cx.waker().clone());
            return Poll::Pending;
        }
        if !self.ready {
            self.ready = true;
            self.shared.reserved.fetch_add(1, Ordering::SeqCst);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        assert!(self.ready, "called without being ready");
        self.ready = false;
        let shared = Arc::clone(&self.shared);
        shared.reserved.fetch_sub(1, Ordering::SeqCst);
        shared.calls.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if shared.one_of(&shared.hanging) {
                std::future::pending::<()>().await;
            }
            if shared.one_of(&shared.failures) { Err(Error::Inner(Down)) } else { Ok(()) }
        })
    }
}

/// Calls through a layer whose inner service is not ready at first, and once more when it is.
async fn waits_and_is_woken<S>(name: &str, make: impl Fn(Strict) -> S)
where
    S: Service<Request, Response = (), Error = Error<Down>> + Clone + 'static,
{
    let shared = Arc::new(Shared::default());
    let service = make(Strict::new(&shared));
    // A task of its own, so that nothing but the service's waker can wake it.
    let tasks = LocalSet::new();
    let twice = tasks.run_until(async {
        for _ in 0..2 {
            let mut clone = service.clone();
            let call = tokio::task::spawn_local(async move {
                poll_fn(|cx| clone.poll_ready(cx)).await?;
                clone.call(idempotent()).await
            });
            tokio::task::yield_now().await;
            shared.open();
            let answer = tokio::time::timeout(secs(60), call).await;
            answer.unwrap_or_else(|_| panic!("{name} is not woken")).unwrap().unwrap();
        }
    });
    twice.await;
    assert_eq!(shared.calls.load(Ordering::SeqCst), 2, "{name}");
    drop(service);
    drop(tasks);
    assert_eq!(shared.reserved(), 0, "{name} keeps a place");
}

#[tokio::test(start_paused = true)]
async fn every_layer_waits_until_the_service_inside_is_ready_and_is_woken_then() {
    let breaker = Rig::new().breaker(ondol_resilience::BreakerOptions::default());
    waits_and_is_woken("breaker", |inner| breaker.layer().layer(inner)).await;
    let timeout = Timeout::new("test", TimeoutOptions::default()).unwrap();
    waits_and_is_woken("timeout", |inner| timeout.layer().layer(inner)).await;
    let retry = Retry::new("test", RetryOptions::default()).unwrap();
    waits_and_is_woken("retry", |inner| retry.layer().layer(inner)).await;
    let bulkhead = Bulkhead::new("test", BulkheadOptions::default()).unwrap();
    waits_and_is_woken("bulkhead", |inner| bulkhead.layer().layer(inner)).await;
    let limit = RateLimit::new("test", RateLimitOptions::default()).unwrap();
    waits_and_is_woken("rate limit", |inner| limit.layer().layer(inner)).await;
    let shed = LoadShed::new("test", LoadShedOptions::default()).unwrap();
    waits_and_is_woken("load shed", |inner| shed.layer().layer(inner)).await;
    let adaptive = Adaptive::new("test", AdaptiveOptions::default()).unwrap();
    waits_and_is_woken("adaptive", |inner| adaptive.layer().layer(inner)).await;
    let hedge = Hedge::new("test", HedgeOptions::default()).unwrap();
    waits_and_is_woken("hedge", |inner| hedge.layer().layer(inner)).await;
    let chaos = ChaosOptions { mode: Mode::Enforce, delay_share: 1.0, ..ChaosOptions::default() };
    let chaos = Chaos::new("test", chaos).unwrap();
    waits_and_is_woken("chaos", |inner| chaos.layer().layer(inner)).await;
    let fallback = Fallback::new("test", FallbackOptions::default()).unwrap();
    let instead = |_: Request, error| std::future::ready(Err(error));
    waits_and_is_woken("fallback", |inner| fallback.layer(instead).layer(inner)).await;
    let endpoints = vec![Endpoint::named("one"), Endpoint::named("two")];
    let options = BalancerOptions { endpoints, ..BalancerOptions::default() };
    let balancer = Balancer::new("test", options).unwrap();
    waits_and_is_woken("balancer", |inner| balancer.service(move |_: &Endpoint| inner.clone()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn each_attempt_waits_until_the_service_is_ready_again() {
    let shared = Shared::opened();
    shared.failures.store(2, Ordering::SeqCst);
    let retry = Retry::new("test", RetryOptions::default()).unwrap();
    retry.layer().layer(Strict::new(&shared)).oneshot(idempotent()).await.unwrap();
    assert_eq!(shared.calls.load(Ordering::SeqCst), 3);
    assert_eq!(shared.reserved(), 0);
}

fn hedge(budget: BudgetOptions) -> Hedge {
    let options = HedgeOptions { delay_first: millis(10), budget, ..HedgeOptions::default() };
    Hedge::new("test", options).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_second_call_waits_until_the_service_is_ready_for_it() {
    let shared = Shared::opened();
    shared.hanging.store(1, Ordering::SeqCst);
    let hedge = hedge(BudgetOptions::default());
    let mut service = hedge.layer().layer(Strict::new(&shared));
    let call = service.ready().await.unwrap().call(idempotent());
    shared.open.store(false, Ordering::SeqCst);
    let mut calls = JoinSet::new();
    calls.spawn(call);
    tokio::time::sleep(millis(50)).await;
    assert_eq!(shared.calls.load(Ordering::SeqCst), 1, "not ready, so not called");
    shared.open();
    let answer = tokio::time::timeout(secs(60), calls.join_next()).await;
    answer.expect("it is woken").unwrap().unwrap().unwrap();
    assert_eq!((shared.calls.load(Ordering::SeqCst), shared.reserved()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_hedged_for_want_of_budget_reserves_no_place() {
    let shared = Shared::opened();
    shared.hanging.store(1, Ordering::SeqCst);
    let hedge = hedge(BudgetOptions { share: 0.0, floor: 0, ..BudgetOptions::default() });
    let mut service = hedge.layer().layer(Strict::new(&shared));
    let mut calls = JoinSet::new();
    calls.spawn(service.ready().await.unwrap().call(idempotent()));
    tokio::time::sleep(millis(50)).await;
    assert_eq!(hedge.state().out_of_budget, 1, "it asked");
    assert_eq!(shared.reserved(), 0, "and keeps nobody else from the service");
    calls.abort_all();
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_in_a_bulkhead_or_a_delay_use_the_place_they_reserved() {
    let shared = Shared::opened();
    let one = BulkheadOptions { calls_max: 1, ..BulkheadOptions::default() };
    let bulkhead = Bulkhead::new("test", one).unwrap();
    let place = bulkhead.enter(&ondol_resilience::Context::default()).await.unwrap();
    let mut calls = JoinSet::new();
    calls.spawn(bulkhead.layer().layer(Strict::new(&shared)).oneshot(idempotent()));
    tokio::time::sleep(millis(1)).await;
    assert_eq!((bulkhead.state().waiting, shared.reserved()), (1, 1));
    drop(place);
    calls.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(shared.reserved(), 0);
}
