//! Retries.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context as Task, Poll},
};

use http::{Method, Request};
use ondol_resilience::{
    AnyError, BudgetOptions, Carried, Carries, Context, Doors, Error, LiftLayer, Mode, Repeatable,
    Retry, RetryOptions, Safety, Time, Verdict,
};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use crate::rig::{Answer, Down, Rig, idempotent, millis, now, secs};

fn generous() -> RetryOptions {
    let budget = BudgetOptions { share: 1.0, floor: 1_000, ..BudgetOptions::default() };
    RetryOptions { attempts_max: 3, budget, ..RetryOptions::default() }
}

fn retry(options: RetryOptions) -> Retry {
    Retry::new("test", options).unwrap()
}

/// How many attempts a request gets when all fail with this verdict.
async fn attempts(retry: &Retry, safety: Safety, verdict: Verdict) -> u32 {
    let attempts = AtomicU32::new(0);
    let classify = |_: Result<&(), &Error<Down>>| verdict;
    let outcome = retry
        .through(&classify, Context::default(), safety, async |_| {
            attempts.fetch_add(1, Ordering::Relaxed);
            Err(Error::Inner(Down))
        })
        .await;
    assert_eq!(outcome, Err(Error::Inner(Down)), "the last error arrives as it was");
    attempts.into_inner()
}

#[tokio::test(start_paused = true)]
async fn only_what_is_safe_to_repeat_is_repeated() {
    let retry = retry(generous());
    let failure = Verdict::failure();
    assert_eq!(attempts(&retry, Safety::Idempotent, failure).await, 3);
    assert_eq!(attempts(&retry, Safety::Once, failure).await, 1, "it may have taken effect");
    assert_eq!(attempts(&retry, Safety::Once, failure.answered()).await, 1);
    assert_eq!(attempts(&retry, Safety::Once, failure.not_sent()).await, 3, "it cannot have");
    assert_eq!(attempts(&retry, Safety::Idempotent, failure.for_good()).await, 1);
}

#[test]
fn an_http_request_is_safe_by_its_method_or_its_key() {
    let of = |method: Method| Request::builder().method(method).body(()).unwrap().safety();
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        assert_eq!(of(method), Safety::Idempotent);
    }
    assert_eq!(of(Method::POST), Safety::Once);
    assert_eq!(of(Method::PATCH), Safety::Once);
    let keyed = Request::post("/").header("Idempotency-Key", "42").body(()).unwrap();
    assert_eq!(keyed.safety(), Safety::Idempotent);
}

#[tokio::test(start_paused = true)]
async fn waits_are_drawn_from_the_whole_of_a_growing_backoff() {
    let rig = Rig::new();
    let options = RetryOptions {
        attempts_max: 4,
        backoff_first: millis(100),
        backoff_max: millis(300),
        ..generous()
    };
    let doors = Doors { time: Time::tokio(), ..rig.doors };
    let retry = Retry::with("test", options, &doors).unwrap();
    let mut longest = [0_u128; 3];
    let mut shortest = [u128::MAX; 3];
    for _ in 0..200 {
        let at = Mutex::new(Vec::new());
        let failing = async |_| {
            at.lock().unwrap().push(now());
            Err::<(), _>(Error::Inner(Down))
        };
        let outcome = retry.through(&AnyError, Context::default(), Safety::Idempotent, failing);
        outcome.await.unwrap_err();
        for (wait, pair) in at.into_inner().unwrap().windows(2).enumerate() {
            let took = pair[1].since(pair[0]).as_millis();
            longest[wait] = longest[wait].max(took);
            shortest[wait] = shortest[wait].min(took);
        }
    }
    for (wait, most) in [100, 200, 300].into_iter().enumerate() {
        assert!(longest[wait] <= most + 1, "tokio's timer rounds up to a millisecond");
        assert!(longest[wait] > most * 9 / 10 && shortest[wait] < most / 10, "{longest:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_attempts_and_waits_together_keep_one_deadline() {
    let options = RetryOptions {
        attempts_max: 20,
        within: Some(secs(2)),
        backoff_first: millis(200),
        ..generous()
    };
    let retry = retry(options);
    let began = now();
    let outcome: Answer<()> = retry
        .call(Context::default(), Safety::Idempotent, async |context: Context| {
            assert!(context.deadline.is_some(), "each attempt knows how long it has");
            tokio::time::sleep(millis(100)).await;
            Err(Down)
        })
        .await;
    outcome.unwrap_err();
    assert!(now().since(began) <= millis(2_100), "{:?}", now().since(began));
    assert_eq!(retry.state().out_of_time, 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_is_waited_for_unless_it_is_too_long() {
    let retry = retry(RetryOptions { attempts_max: 2, ..generous() });
    let asks = |after| Verdict::throttled().retry_after(Some(secs(after)));
    let began = now();
    assert_eq!(attempts(&retry, Safety::Idempotent, asks(3)).await, 2);
    assert_eq!(now().since(began).as_secs(), 3);
    assert_eq!(attempts(&retry, Safety::Idempotent, asks(6)).await, 1);
    assert_eq!(now().since(began).as_secs(), 3, "it did not wait for what it does not try");
}

#[tokio::test(start_paused = true)]
async fn in_a_full_outage_the_load_grows_by_the_budget_and_no_more() {
    const REQUESTS: u32 = 20_000;
    let budget = BudgetOptions { share: 0.2, window: secs(10), floor: 3 };
    let retry = retry(RetryOptions { attempts_max: 5, budget, ..RetryOptions::default() });
    let mut sent = 0;
    for _ in 0..REQUESTS {
        sent += attempts(&retry, Safety::Idempotent, Verdict::failure()).await;
        tokio::time::advance(millis(1)).await;
    }
    let amplification = f64::from(sent) / f64::from(REQUESTS);
    assert!(amplification <= 1.2 + 0.001, "{amplification}");
    assert!(amplification > 1.15, "the budget is there to be used: {amplification}");
    assert!(retry.state().out_of_budget > 0);
}

#[tokio::test(start_paused = true)]
async fn a_service_with_little_traffic_may_retry_up_to_the_floor() {
    let budget = BudgetOptions { share: 0.2, window: secs(10), floor: 2 };
    let retry = retry(RetryOptions { attempts_max: 5, budget, ..RetryOptions::default() });
    assert_eq!(attempts(&retry, Safety::Idempotent, Verdict::failure()).await, 3);
    tokio::time::advance(secs(11)).await;
    assert_eq!(attempts(&retry, Safety::Idempotent, Verdict::failure()).await, 3);
}

#[tokio::test(start_paused = true)]
async fn retries_do_not_multiply_from_layer_to_layer() {
    let (outer, inner) = (retry(generous()), retry(generous()));
    let sent = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&sent);
    let down = service_fn(move |_: Carried<&'static str>| {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Err::<(), _>(Down))
    });
    let layers = ServiceBuilder::new().layer(outer.layer()).layer(inner.layer()).layer(LiftLayer);
    layers.service(down).oneshot(idempotent()).await.unwrap_err();
    assert_eq!(sent.load(Ordering::Relaxed), 3 + 2, "3 by the inner one, then 1 for each retry");
}

/// Counts readiness and refuses to be called without it, as tower demands.
#[derive(Clone)]
struct Strict {
    ready: bool,
    fails: Arc<AtomicU32>,
    seen: Arc<Mutex<Vec<u32>>>,
}

impl Service<Carried<&'static str>> for Strict {
    type Response = &'static str;
    type Error = Error<Down>;
    type Future = std::future::Ready<Answer<&'static str>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Answer<()>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Carried<&'static str>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        self.seen.lock().unwrap().push(request.context().attempt);
        let failing = self.fails.load(Ordering::Relaxed) > 0;
        if failing {
            self.fails.fetch_sub(1, Ordering::Relaxed);
        }
        std::future::ready(if failing { Err(Error::Inner(Down)) } else { Ok("answer") })
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_is_made_ready_before_each_attempt() {
    let strict = Strict { ready: false, fails: Arc::new(AtomicU32::new(2)), seen: Arc::default() };
    let seen = Arc::clone(&strict.seen);
    let retry = retry(generous());
    let mut service = ServiceBuilder::new().layer(retry.layer()).service(strict);
    let answer = service.ready().await.unwrap().call(idempotent()).await;
    assert_eq!(answer, Ok("answer"));
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2], "each attempt says which it is");
    service.clone().oneshot(idempotent()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn observing_counts_what_it_would_retry_and_retries_nothing() {
    let retry = retry(RetryOptions { mode: Mode::Observe, ..generous() });
    assert_eq!(attempts(&retry, Safety::Idempotent, Verdict::failure()).await, 1);
    assert_eq!(retry.state().would_retry, 1);
}
