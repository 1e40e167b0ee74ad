//! Waiting, trying again, and not waiting.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ondol_resilience::{
    BudgetOptions, Carried, Context, Hedge, HedgeOptions, LiftLayer, Mode, Random, Retry,
    RetryOptions, Safety, Time, Timeout, TimeoutOptions,
};
use tokio::task::JoinSet;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::{Chart, Line, PerSecond, band, millis, simulate, tokio_doors};

/// Attempts a second that reach a service which is down from second 20 to 40.
fn attempts(budget: BudgetOptions) -> PerSecond<1> {
    simulate(async {
        let options = RetryOptions { attempts_max: 4, budget, ..RetryOptions::default() };
        let retry = Retry::with("plot", options, &tokio_doors()).expect("good options");
        let began = Time::tokio().now();
        let mut requests = JoinSet::new();
        for _ in 0..60 * 100 {
            let retry = retry.clone();
            requests.spawn(async move {
                let sent = Mutex::new(Vec::new());
                let call = async |_| {
                    let second = Time::tokio().now().since(began).as_secs();
                    sent.lock().unwrap_or_else(PoisonError::into_inner).push(second);
                    if (20..40).contains(&second) { Err("down") } else { Ok(()) }
                };
                // What the answer was does not matter here, only how often the service was asked.
                drop(retry.call(Context::default(), Safety::Idempotent, call).await);
                sent.into_inner().unwrap_or_default()
            });
            tokio::time::sleep(millis(10)).await;
        }
        let mut counts = PerSecond::<1>::new(60);
        while let Some(Ok(seconds)) = requests.join_next().await {
            for second in seconds {
                counts.add(usize::try_from(second).expect("few seconds"), 0);
            }
        }
        counts
    })
}

pub(crate) fn retry() -> Chart {
    let unlimited = BudgetOptions { floor: 1_000_000, ..BudgetOptions::default() };
    let mut lines = attempts(BudgetOptions::default()).lines(["with the budget of 20 %"]);
    lines.extend(attempts(unlimited).lines(["without a budget"]));
    Chart {
        title: "What reaches a service that is down from 20 s to 40 s, when all callers try again",
        unit: "attempts a second",
        lines,
        bands: vec![band(20.0, 40.0, "down")],
    }
}

/// The time a caller waits, for a service that gets slower and slower.
fn waits(mode: Mode) -> Vec<(f64, f64)> {
    simulate(async {
        let options = TimeoutOptions { mode, within: millis(300) };
        let timeout = Timeout::with("plot", options, &tokio_doors()).expect("good options");
        let mut points = Vec::new();
        for second in 0..60_u32 {
            let slower = if (15..45).contains(&second) { 40 * u64::from(second - 15) } else { 0 };
            let began = Time::tokio().now();
            let work = async |_| {
                tokio::time::sleep(millis(50 + slower)).await;
                Ok::<_, ()>(())
            };
            // Whether it was answered or given up, the caller has waited until now.
            drop(timeout.call(Context::default(), work).await);
            let waited = Time::tokio().now().since(began);
            points.push((f64::from(second), waited.as_secs_f64() * 1_000.0));
        }
        points
    })
}

pub(crate) fn timeout() -> Chart {
    Chart {
        title: "A service gets slower from 15 s on: how long its callers wait",
        unit: "milliseconds",
        lines: vec![
            Line { name: "with a timeout of 300 ms", points: waits(Mode::Enforce) },
            Line { name: "without", points: waits(Mode::Off) },
        ],
        bands: vec![band(15.0, 45.0, "slower and slower")],
    }
}

/// The slowest of each 100 calls but one, where 3 in 100 take a second.
fn slowest(mode: Mode) -> Vec<(f64, f64)> {
    simulate(async {
        let options = HedgeOptions { mode, delay_first: millis(60), ..HedgeOptions::default() };
        let hedge = Hedge::with("plot", options, &tokio_doors()).expect("good options");
        let random = Random::seeded(3);
        let inner = service_fn(move |_: Carried<()>| {
            let slow = random.chance(0.03);
            let takes = if slow { millis(1_000) } else { millis(20) + random.up_to(millis(30)) };
            async move {
                tokio::time::sleep(takes).await;
                Ok::<_, ()>(())
            }
        });
        let service = ServiceBuilder::new().layer(hedge.layer()).layer(LiftLayer).service(inner);
        let mut points = Vec::new();
        for second in 0..60_u32 {
            let mut calls = JoinSet::new();
            for _ in 0..100 {
                let service = service.clone();
                calls.spawn(async move {
                    let began = Time::tokio().now();
                    let request = Carried { safety: Safety::Idempotent, ..Carried::new(()) };
                    drop(service.oneshot(request).await);
                    Time::tokio().now().since(began)
                });
                tokio::time::sleep(millis(10)).await;
            }
            let mut took: Vec<Duration> = Vec::new();
            while let Some(Ok(time)) = calls.join_next().await {
                took.push(time);
            }
            took.sort();
            points.push((f64::from(second), took[98].as_secs_f64() * 1_000.0));
        }
        points
    })
}

pub(crate) fn hedge() -> Chart {
    Chart {
        title: "Three calls of a hundred take a second: the 99th percentile",
        unit: "milliseconds",
        lines: vec![
            Line { name: "hedged", points: slowest(Mode::Enforce) },
            Line { name: "not hedged", points: slowest(Mode::Off) },
        ],
        bands: Vec::new(),
    }
}
