//! A service that goes down and comes back; and trouble on purpose.

use ondol_resilience::{
    Breaker, BreakerOptions, Chaos, ChaosOptions, Error, Fallback, FallbackOptions, Mode,
    OpenOptions, Reason, StepOptions, Verdict,
};

use super::{Band, Chart, PerSecond, band, millis, rig, simulate, tokio_doors};

const SECONDS: usize = 90;

/// A breaker with steps long enough to be seen.
fn options() -> BreakerOptions {
    let step = |share| StepOptions { calls: 50, lasts: millis(6_000), ..StepOptions::of(share) };
    BreakerOptions {
        open: OpenOptions { lasts: millis(8_000), jitter: 0.0, ..OpenOptions::default() },
        recovery: [0.1, 0.5, 1.0].map(step).to_vec(),
        ..BreakerOptions::default()
    }
}

/// A hundred calls a second; the service is down from second 15 to 35.
pub(crate) fn breaker() -> Chart {
    let (clock, doors) = rig();
    let breaker = Breaker::with("plot", options(), &doors).expect("good options");
    let mut counts = PerSecond::<3>::new(SECONDS);
    let mut bands: Vec<Band> = Vec::new();
    for call in 0..SECONDS * 100 {
        let second = call / 100;
        let down = (15..35).contains(&second);
        match breaker.acquire() {
            Err(_) => counts.add(second, 2),
            Ok(permit) => {
                counts.add(second, usize::from(down));
                permit.finish(if down { Verdict::failure() } else { Verdict::success() });
            }
        }
        clock.advance(millis(10));
        let at = f64::from(u32::try_from(call).expect("few calls")) / 100.0;
        let state = breaker.state().state;
        match bands.last_mut() {
            Some(last) if last.name == state => last.to = at,
            _ => bands.push(band(at, at, state)),
        }
    }
    Chart {
        title: "A service is down from 15 s to 35 s: what its callers see",
        unit: "calls a second",
        lines: counts.lines(["answered", "failed", "refused at once"]),
        bands,
    }
}

/// The same with a fallback that bears 3 calls at once, each for 50 ms.
pub(crate) fn fallback() -> Chart {
    let counts = simulate(async {
        let doors = tokio_doors();
        let breaker = Breaker::with("plot", options(), &doors).expect("good options");
        let limit = FallbackOptions { calls_max: 3, ..FallbackOptions::default() };
        let fallback = Fallback::with("plot", limit, &doors).expect("good options");
        let mut calls = tokio::task::JoinSet::new();
        for call in 0..SECONDS * 100 {
            let (breaker, fallback) = (breaker.clone(), fallback.clone());
            calls.spawn(async move {
                let down = (1_500..3_500).contains(&call);
                let first =
                    async || breaker.call(async || if down { Err("down") } else { Ok(0) }).await;
                let instead = async |_: Error<&str>| {
                    tokio::time::sleep(millis(50)).await;
                    Ok(1)
                };
                (call / 100, fallback.call(first, instead).await.unwrap_or(2))
            });
            tokio::time::sleep(millis(10)).await;
        }
        let mut counts = PerSecond::<3>::new(SECONDS);
        while let Some(Ok((second, line))) = calls.join_next().await {
            counts.add(second, line);
        }
        counts
    });
    Chart {
        title: "The same outage with a fallback that bears three calls at once",
        unit: "calls a second",
        lines: counts.lines(["answered", "answered by the fallback", "errors"]),
        bands: vec![band(15.0, 35.0, "down")],
    }
}

/// Chaos is switched on for a while.
pub(crate) fn chaos() -> Chart {
    let counts = simulate(async {
        let options =
            ChaosOptions { error_share: 0.2, abort_share: 0.1, ..ChaosOptions::default() };
        let chaos = Chaos::with("plot", options.clone(), &tokio_doors()).expect("good options");
        let mut counts = PerSecond::<3>::new(60);
        for call in 0..60 * 200 {
            let second = call / 200;
            let mode = if (20..40).contains(&second) { Mode::Enforce } else { Mode::Off };
            if call % 200 == 0 {
                chaos.change(ChaosOptions { mode, ..options.clone() }).expect("good options");
            }
            let answer = chaos.through(async || Ok::<_, Error<()>>(())).await;
            counts.add(
                second,
                match answer {
                    Ok(()) => 0,
                    Err(Error::Rejected(rejected)) if rejected.reason == Reason::Chaos => 1,
                    Err(_) => 2,
                },
            );
            tokio::time::sleep(millis(5)).await;
        }
        counts
    });
    Chart {
        title: "20 % errors and 10 % lost answers, switched on for 20 s",
        unit: "calls a second",
        lines: counts.lines(["answered", "failed on purpose", "answer lost"]),
        bands: vec![band(20.0, 40.0, "chaos")],
    }
}
