//! More calls than can be served.

use std::{collections::VecDeque, sync::Arc};

use ondol_resilience::{
    Adaptive, AdaptiveOptions, AnyError, Bulkhead, BulkheadOptions, Context, Error, LoadShed,
    LoadShedOptions, Priority, RateLimit, RateLimitOptions,
};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{Chart, Line, PerSecond, band, millis, rig, simulate, tokio_doors};

/// Ten calls a second are allowed; from second 20 to 40 thirty a second come.
pub(crate) fn rate_limit() -> Chart {
    let (clock, doors) = rig();
    let options = RateLimitOptions {
        calls: 10,
        burst: 40,
        per: millis(1_000),
        ..RateLimitOptions::default()
    };
    let limit = RateLimit::with("plot", options, &doors).expect("good options");
    let mut counts = PerSecond::<2>::new(60);
    for step in 0..60_000 {
        let second = step / 1_000;
        let every = if (20..40).contains(&second) { 33 } else { 200 };
        if step % every == 0 {
            counts.add(second, usize::from(limit.check(&"key").is_err()));
        }
        clock.advance(millis(1));
    }
    Chart {
        title: "Ten calls a second with a burst of forty; thirty a second come from 20 s to 40 s",
        unit: "calls a second",
        lines: counts.lines(["allowed", "rejected"]),
        bands: vec![band(20.0, 40.0, "too many")],
    }
}

/// A service of ten places gets slow from second 20 to 40.
pub(crate) fn bulkhead() -> Chart {
    simulate(async {
        let options =
            BulkheadOptions { calls_max: 10, queue_max: 10, ..BulkheadOptions::default() };
        let bulkhead = Bulkhead::with("plot", options, &tokio_doors()).expect("good options");
        let mut lines = [Vec::new(), Vec::new(), Vec::new()];
        let (mut calls, mut rejected) = (JoinSet::new(), 0);
        for call in 0..60 * 80_u32 {
            let bulkhead_of_call = bulkhead.clone();
            let takes = if (20 * 80..40 * 80).contains(&call) { 400 } else { 60 };
            calls.spawn(async move {
                let work = async || {
                    tokio::time::sleep(millis(takes)).await;
                    Ok::<_, ()>(())
                };
                // Rejections are counted by the bulkhead itself.
                drop(bulkhead_of_call.call(&Context::default(), work).await);
            });
            tokio::time::sleep(std::time::Duration::from_micros(12_500)).await;
            if call % 40 == 0 {
                let (state, at) = (bulkhead.state(), f64::from(call) / 80.0);
                let refused = state.rejected + state.timed_out;
                let since = u32::try_from(refused - rejected).expect("few calls");
                rejected = refused;
                lines[0].push((at, f64::from(state.calls)));
                lines[1].push((at, f64::from(state.waiting)));
                lines[2].push((at, f64::from(since) * 2.0));
            }
        }
        let names = ["in", "waiting", "rejected a second"];
        Chart {
            title: "Ten places, ten waiting; from 20 s to 40 s calls take 400 ms instead of 60 ms",
            unit: "calls",
            lines: names
                .into_iter()
                .zip(lines)
                .map(|(name, points)| Line { name, points })
                .collect(),
            bands: vec![band(20.0, 40.0, "slow")],
        }
    })
}

/// A hundred callers and a service that works on 20, later 40, then 10 calls at once.
pub(crate) fn adaptive() -> Chart {
    simulate(async {
        let adaptive = Adaptive::with("plot", AdaptiveOptions::default(), &tokio_doors())
            .expect("good options");
        let workers = Arc::new(Semaphore::new(20));
        let mut callers = JoinSet::new();
        for _ in 0..100 {
            let (adaptive, workers) = (adaptive.clone(), Arc::clone(&workers));
            callers.spawn(async move {
                loop {
                    let work = async || {
                        let _worker = workers.acquire().await;
                        tokio::time::sleep(millis(20)).await;
                        Ok::<_, Error<()>>(())
                    };
                    if adaptive.through(&AnyError, work).await.is_err() {
                        tokio::time::sleep(millis(10)).await;
                    }
                }
            });
        }
        let mut points = Vec::new();
        for half_second in 0..180_u32 {
            match half_second {
                60 => workers.add_permits(20),
                120 => {
                    let gone = workers.acquire_many(30).await;
                    gone.expect("the semaphore is never closed").forget();
                }
                _ => {}
            }
            tokio::time::sleep(millis(500)).await;
            points.push((f64::from(half_second) / 2.0, f64::from(adaptive.state().limit)));
        }
        Chart {
            title: "The limit that is found while the service has 20, then 40, then 10 workers",
            unit: "calls at once",
            lines: vec![Line { name: "limit", points }],
            bands: vec![
                band(0.0, 30.0, "20 workers"),
                band(30.0, 60.0, "40 workers"),
                band(60.0, 90.0, "10 workers"),
            ],
        }
    })
}

/// Load rises and falls again; a third of the calls has each priority.
pub(crate) fn load_shed() -> Chart {
    let (_, doors) = rig();
    let options = LoadShedOptions { calls_max: 100, ..LoadShedOptions::default() };
    let shed = LoadShed::with("plot", options, &doors).expect("good options");
    let mut counts = PerSecond::<3>::new(90);
    let mut in_flight = VecDeque::new();
    for step in 0..9_000_usize {
        let second = step / 100;
        while in_flight.front().is_some_and(|(until, _)| *until <= step) {
            in_flight.pop_front();
        }
        // One to six calls each hundredth of a second, and each takes a quarter of a second.
        let load = 1 + 5 * second.min(90 - second) / 45;
        for call in 0..load {
            let line = (step + call) % 3;
            let priority = [Priority::High, Priority::Normal, Priority::Low][line];
            if let Ok(admitted) = shed.enter(priority) {
                counts.add(second, line);
                in_flight.push_back((step + 25, admitted));
            }
        }
    }
    Chart {
        title: "Load rises to six times and falls again: which priorities are served",
        unit: "calls a second",
        lines: counts.lines(["high", "normal", "low"]),
        bands: Vec::new(),
    }
}
