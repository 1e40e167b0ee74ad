//! Draws the guide's plots of who gets the requests while one of three backends is killed, slowed,
//! made to fail at once, and brought back: a running gateway, real sockets, one plot for each strategy.
//!
//! `cargo run --release -p ondol-gateway --example shares`. As a test it runs the same, shorter, and
//! holds the shares against what the guide says of them.

mod backend;
#[path = "../../../ondol-resilience/examples/plots/svg.rs"]
mod svg;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use trial::Trial;

/// The strategies, and what each needs besides its name.
const STRATEGIES: [(&str, &str); 5] = [
    ("round_robin", ""),
    ("weighted", ""),
    ("least_requests", ""),
    ("peak_ewma", ""),
    ("hash", "hash_by = { header = \"x-key\" }\n"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src/gateway")
}

/// All strategies at once, each with a gateway and backends of its own.
fn trials(phase: Duration) -> io::Result<Vec<Trial>> {
    std::thread::scope(|scope| {
        let running = STRATEGIES
            .map(|(strategy, more)| scope.spawn(move || Trial::run(strategy, more, phase)));
        let ended = running.into_iter().map(|trial| {
            trial.join().unwrap_or_else(|_| Err(io::Error::other("a trial panicked")))
        });
        ended.collect()
    })
}

fn main() -> io::Result<()> {
    for trial in trials(Duration::from_millis(1500))? {
        let file = format!("shares-{}.svg", trial.strategy);
        fs::write(folder().join(file), trial.chart().draw())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::trial::PHASES;
    use super::*;

    /// The share of the first backend in the later part of a phase, in percent.
    fn share(trial: &Trial, phase: &str) -> f64 {
        let place = PHASES.iter().position(|known| known.1 == phase).expect("a phase");
        trial.late_share(place)
    }

    #[test]
    fn every_strategy_does_with_a_bad_backend_what_the_guide_says() {
        for trial in trials(Duration::from_millis(1200)).expect("trials") {
            let strategy = trial.strategy;
            let drawn = folder().join(format!("shares-{strategy}.svg"));
            assert!(drawn.exists(), "{strategy} has no plot: run this example");
            let told = format!("{strategy}: {:?}", trial.late_shares());
            assert!(share(&trial, "killed") < 8.0, "killed, it gets next to nothing: {told}");
            assert!(share(&trial, "fails at once") < 12.0, "its quickness attracts nobody: {told}");
            assert!(share(&trial, "well at last") > 12.0, "well again, it is back: {told}");
            if matches!(strategy, "least_requests" | "peak_ewma") {
                assert!(share(&trial, "slow") < 20.0, "slow, it gets less: {told}");
            }
        }
    }
}
