//! Adaptive concurrency, against a service that bears so many calls at once.

use std::sync::Arc;

use ondol_resilience::{Adaptive, AdaptiveOptions, AnyError, Error, Mode, Outcome, Reason};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::rig::{Answer, Down, Rig, millis, now, secs};

/// A hundred callers ask, for some seconds, a service that works on `workers` calls at once, 10 ms each.
async fn run(adaptive: &Adaptive, workers: &Arc<Semaphore>, seconds: u64) {
    let mut callers = JoinSet::new();
    let end = now().after(secs(seconds));
    for _ in 0..100 {
        let (adaptive, workers) = (adaptive.clone(), Arc::clone(workers));
        callers.spawn(async move {
            while now() < end {
                let answer: Answer<()> = adaptive
                    .through(&AnyError, async || {
                        let _worker = workers.acquire().await;
                        tokio::time::sleep(millis(10)).await;
                        Ok::<_, Error<Down>>(())
                    })
                    .await;
                if answer.is_err() {
                    tokio::time::sleep(millis(5)).await;
                }
            }
        });
    }
    while let Some(joined) = callers.join_next().await {
        joined.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn it_finds_what_the_service_bears_from_below_and_from_above() {
    for limit_start in [5, 90] {
        let options =
            AdaptiveOptions { limit_start, every: millis(50), ..AdaptiveOptions::default() };
        let adaptive = Adaptive::new("test", options).unwrap();
        // Calm first, so that it learns what an answer takes.
        run(&adaptive, &Arc::new(Semaphore::new(100)), 1).await;
        run(&adaptive, &Arc::new(Semaphore::new(20)), 60).await;
        let limit = adaptive.state().limit;
        assert!((10..=45).contains(&limit), "20 workers, from {limit_start}: {limit}");
    }
}

#[test]
fn failures_for_want_of_capacity_shrink_it_and_no_use_does_not_grow_it() {
    let rig = Rig::new();
    let options =
        AdaptiveOptions { limit_start: 100, samples_min: 1, ..AdaptiveOptions::default() };
    let adaptive = Adaptive::with("test", options, &rig.doors).unwrap();
    for _ in 0..50 {
        let call = adaptive.enter().unwrap();
        rig.wait(millis(200));
        call.finish(Outcome::Success);
    }
    assert_eq!(adaptive.state().limit, 100, "one call at a time shows nothing about a hundred");
    for _ in 0..5 {
        let call = adaptive.enter().unwrap();
        rig.wait(millis(200));
        call.finish(Outcome::Throttled);
    }
    assert_eq!(adaptive.state().limit, 59, "100 × 0.9⁵");
}

#[test]
fn beyond_the_limit_calls_are_rejected_and_dropped_ones_make_room() {
    let options = AdaptiveOptions { limit_start: 5, ..AdaptiveOptions::default() };
    let adaptive = Adaptive::new("test", options.clone()).unwrap();
    let calls: Vec<_> = (0..5).map(|_| adaptive.enter().unwrap()).collect();
    assert_eq!(adaptive.enter().unwrap_err().reason, Reason::ConcurrencyLimited);
    drop(calls);
    assert_eq!(adaptive.state().calls, 0);
    adaptive.change(AdaptiveOptions { mode: Mode::Observe, ..options }).unwrap();
    let calls: Vec<_> = (0..7).map(|_| adaptive.enter().unwrap()).collect();
    assert_eq!(adaptive.state().would_reject, 2);
    drop(calls);
}
