//! Hedging.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use ondol_resilience::{BudgetOptions, Carried, Hedge, HedgeOptions, LiftLayer, Mode};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::rig::{Answer, Down, idempotent, millis, now};

fn options() -> HedgeOptions {
    let budget = BudgetOptions { share: 1.0, floor: 1_000, ..BudgetOptions::default() };
    HedgeOptions { delay_first: millis(100), samples_min: 20, budget, ..HedgeOptions::default() }
}

/// Counts how many calls were made, and how many of them are still alive.
#[derive(Default)]
struct Calls {
    made: AtomicU32,
    alive: Arc<()>,
}

/// Asks a service whose n-th call takes so many milliseconds, and fails if that is odd.
async fn ask(
    hedge: &Hedge,
    calls: &Arc<Calls>,
    request: Carried<&'static str>,
    takes: &'static [u64],
) -> Answer<u64> {
    let calls = Arc::clone(calls);
    let inner = service_fn(move |_: Carried<&'static str>| {
        let call = calls.made.fetch_add(1, Ordering::Relaxed);
        let alive = Arc::clone(&calls.alive);
        async move {
            let takes = takes[call as usize % takes.len()];
            tokio::time::sleep(millis(takes)).await;
            drop(alive);
            if takes % 2 == 1 { Err(Down) } else { Ok(takes) }
        }
    });
    let service = ServiceBuilder::new().layer(hedge.layer()).layer(LiftLayer).service(inner);
    service.oneshot(request).await
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_raced_and_the_loser_is_dropped() {
    let hedge = Hedge::new("test", options()).unwrap();
    let calls = Arc::new(Calls::default());
    let began = now();
    assert_eq!(ask(&hedge, &calls, idempotent(), &[5_000, 10]).await, Ok(10));
    assert_eq!(now().since(began).as_millis() / 10, 11, "100 ms of delay and 10 ms of the second");
    assert_eq!(Arc::strong_count(&calls.alive), 1, "no call is left");
    let state = hedge.state();
    assert_eq!((state.hedged, state.won), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_first_may_still_win() {
    let hedge = Hedge::new("test", options()).unwrap();
    let calls = Arc::new(Calls::default());
    assert_eq!(ask(&hedge, &calls, idempotent(), &[150, 5_000]).await, Ok(150));
    assert_eq!((hedge.state().hedged, hedge.state().won), (1, 0));
    assert_eq!(Arc::strong_count(&calls.alive), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_leaves_the_answer_to_the_other() {
    let hedge = Hedge::new("test", options()).unwrap();
    let first_fails = ask(&hedge, &Arc::default(), idempotent(), &[151, 400]).await;
    assert_eq!(first_fails, Ok(400));
    let second_fails = ask(&hedge, &Arc::default(), idempotent(), &[400, 51]).await;
    assert_eq!(second_fails, Ok(400));
    ask(&hedge, &Arc::default(), idempotent(), &[151, 401]).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_quick_call_or_one_that_may_not_be_made_twice_is_not_hedged() {
    let hedge = Hedge::new("test", options()).unwrap();
    let calls = Arc::new(Calls::default());
    ask(&hedge, &calls, idempotent(), &[90]).await.unwrap();
    ask(&hedge, &calls, Carried::new("once"), &[500]).await.unwrap();
    assert_eq!(calls.made.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn the_delay_is_the_percentile_of_what_calls_take() {
    let hedge = Hedge::new("test", options()).unwrap();
    let calls = Arc::new(Calls::default());
    for _ in 0..50 {
        ask(&hedge, &calls, idempotent(), &[10, 12, 14, 16, 18]).await.unwrap();
    }
    let delay = hedge.state().delay;
    assert!((millis(17)..=millis(22)).contains(&delay), "{delay:?}");
}

#[tokio::test(start_paused = true)]
async fn when_all_is_slow_the_budget_bounds_the_second_calls() {
    let budget = BudgetOptions { share: 0.1, floor: 0, ..BudgetOptions::default() };
    let hedge =
        Hedge::new("test", HedgeOptions { budget, samples_min: 1_000_000, ..options() }).unwrap();
    let calls = Arc::new(Calls::default());
    for _ in 0..1_000 {
        ask(&hedge, &calls, idempotent(), &[200]).await.unwrap();
    }
    let made = calls.made.load(Ordering::Relaxed);
    assert!((1_050..=1_100).contains(&made), "{made}");
}

#[tokio::test(start_paused = true)]
async fn observing_counts_what_it_would_hedge() {
    let hedge = Hedge::new("test", HedgeOptions { mode: Mode::Observe, ..options() }).unwrap();
    let calls = Arc::new(Calls::default());
    assert_eq!(ask(&hedge, &calls, idempotent(), &[500]).await, Ok(500));
    assert_eq!((calls.made.load(Ordering::Relaxed), hedge.state().would_hedge), (1, 1));
}
