//! The runs behind the plots.

mod choice;
mod limits;
mod patience;
mod trouble;

use std::{pin::Pin, time::Duration};

use ondol_resilience::{Clock, Doors, Events, ManualClock, Random, Tick, Time};

use crate::svg::{Band, Chart, Line};

/// Every plot by the name of its file.
pub(crate) fn all() -> Vec<(&'static str, Chart)> {
    vec![
        ("adaptive", limits::adaptive()),
        ("balancer", choice::balancer()),
        ("breaker", trouble::breaker()),
        ("bulkhead", limits::bulkhead()),
        ("chaos", trouble::chaos()),
        ("fallback", trouble::fallback()),
        ("hedge", patience::hedge()),
        ("load-shed", limits::load_shed()),
        ("outlier", choice::outlier()),
        ("rate-limit", limits::rate_limit()),
        ("retry", patience::retry()),
        ("timeout", patience::timeout()),
    ]
}

/// A clock that stands still until told, and doors onto it.
fn rig() -> (ManualClock, Doors) {
    let clock = ManualClock::new();
    let doors = Doors {
        time: Time::of(clock.clone()),
        random: Random::seeded(2026),
        events: Events::default(),
    };
    (clock, doors)
}

/// Doors onto tokio's clock, counted from now, so that every run begins at the same moment.
fn tokio_doors() -> Doors {
    Doors { time: Time::of(FromNow(Time::tokio().now())), ..rig().1 }
}

/// Tokio's clock, counted from a moment.
struct FromNow(Tick);

impl Clock for FromNow {
    fn now(&self) -> Tick {
        Tick::ZERO.after(Time::tokio().now().since(self.0))
    }

    fn sleep_until(&self, at: Tick) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Time::tokio().sleep_until(self.0.after(at.since(Tick::ZERO))))
    }
}

/// Runs on tokio's clock, paused: time moves when all wait, and only then.
fn simulate<T>(run: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing from the system");
    runtime.block_on(run)
}

fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Numbers by second, for several lines.
struct PerSecond<const LINES: usize>(Vec<[f64; LINES]>);

impl<const LINES: usize> PerSecond<LINES> {
    fn new(seconds: usize) -> Self {
        Self(vec![[0.0; LINES]; seconds])
    }

    fn add(&mut self, second: usize, line: usize) {
        if let Some(values) = self.0.get_mut(second) {
            values[line] += 1.0;
        }
    }

    fn lines(&self, names: [&'static str; LINES]) -> Vec<Line> {
        let of = |line: usize| {
            (0_u32..)
                .zip(&self.0)
                .map(|(second, values)| (f64::from(second), values[line]))
                .collect()
        };
        names.into_iter().enumerate().map(|(line, name)| Line { name, points: of(line) }).collect()
    }

    /// Each line as its share of all, in percent.
    fn shares(mut self) -> Self {
        for values in &mut self.0 {
            let all: f64 = values.iter().sum();
            values.iter_mut().for_each(|value| *value *= 100.0 / all.max(1.0));
        }
        self
    }
}

fn band(from: f64, to: f64, name: &str) -> Band {
    Band { from, to, name: name.to_owned() }
}
