//! Three endpoints, one of which fails at once for a while.

use ondol_resilience::{
    Balancer, BalancerOptions, Context, Endpoint, Mode, OutlierOptions, Strategy, Verdict,
};

use super::{Chart, PerSecond, band, millis, rig};

const SECONDS: usize = 120;
const NAMES: [&str; 3] = ["a", "b, which fails", "c"];

/// The share of calls that each endpoint gets; the second fails at once from second 20 to 60.
fn shares(strategy: Strategy, outlier: Mode) -> PerSecond<3> {
    let (clock, doors) = rig();
    let options = BalancerOptions {
        strategy,
        endpoints: ["a", "b", "c"].map(Endpoint::named).to_vec(),
        outlier: OutlierOptions { mode: outlier, ..OutlierOptions::default() },
        ..BalancerOptions::default()
    };
    let balancer = Balancer::with("plot", options, &doors).expect("good options");
    let mut counts = PerSecond::<3>::new(SECONDS);
    for call in 0..SECONDS * 100 {
        let second = call / 100;
        let pick = balancer.pick(&Context::default(), 0).expect("there are endpoints");
        let place = ["a", "b", "c"].iter().position(|name| *name == pick.endpoint().name);
        counts.add(second, place.expect("one of three"));
        let fails = place == Some(1) && (20..60).contains(&second);
        clock.advance(if fails { millis(1) } else { millis(10) });
        pick.finish(if fails { Verdict::failure().answered() } else { Verdict::success() });
        clock.advance(if fails { millis(9) } else { millis(0) });
    }
    counts.shares()
}

pub(crate) fn balancer() -> Chart {
    Chart {
        title: "Peak EWMA: one endpoint of three fails at once from 20 s to 60 s",
        unit: "% of calls",
        lines: shares(Strategy::PeakEwma, Mode::Off).lines(NAMES),
        bands: vec![band(20.0, 60.0, "b fails at once")],
    }
}

pub(crate) fn outlier() -> Chart {
    Chart {
        title: "Round robin with outlier detection: the failing endpoint is put out, each time for longer",
        unit: "% of calls",
        lines: shares(Strategy::RoundRobin, Mode::Enforce).lines(NAMES),
        bands: vec![band(20.0, 60.0, "b fails at once")],
    }
}
