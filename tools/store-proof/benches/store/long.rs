//! What shows only after a while: a minute of writing, and PostgreSQL up to five million events.

use std::time::Duration;

use ondol_bench::{Bench, Measured};
use tokio::runtime::Runtime;

use crate::engines::Engine;
use crate::load::{self, Load};

/// Into how many pieces the minute is cut.
const PIECES: usize = 6;

/// The mean of some rates.
fn mean(rates: &[f64]) -> f64 {
    let sum: f64 = rates.iter().sum();
    sum / f64::from(u32::try_from(rates.len()).unwrap_or(u32::MAX))
}

fn slowest(rates: &[f64]) -> f64 {
    rates.iter().copied().fold(f64::INFINITY, f64::min)
}

/// A minute of writing on the disk.
fn minute(runtime: &Runtime, piece: Duration) -> anyhow::Result<Measured> {
    let opened = Engine::Disk.open(runtime)?;
    let appended = load::append_for(opened.one()?, Load::new(4096, 0), PIECES, piece);
    let rates = runtime.block_on(appended)?;
    let share = slowest(&rates) / mean(&rates);
    Ok(Measured::new(mean(&rates)).also("slowest ten seconds by the mean", "share", share))
}

/// Five million events on PostgreSQL.
fn five_million(runtime: &Runtime, events: u64) -> anyhow::Result<Measured> {
    let opened = Engine::Postgres.open(runtime)?;
    let mut rates = Vec::new();
    for million in 0..5 {
        let load = Load { before: million * events, ..Load::new(512, events) };
        rates.push(runtime.block_on(load::append(&opened.stores, load))?);
    }
    let share = slowest(&rates) / rates.first().copied().unwrap_or(f64::NAN);
    let measured = Measured::new(mean(&rates)).also("slowest million", "events/s", slowest(&rates));
    Ok(measured.also("slowest million by the first", "share", share))
}

/// Both.
pub(crate) fn cases<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime) {
    let piece = bench.size(Duration::from_secs(10), Duration::from_millis(300));
    let case = bench.case("disk, a minute of writing").unit("events/s");
    case.setting("concurrency", 4096).measure(move || minute(runtime, piece));
    let million = bench.size(1_000_000, 10_000);
    let case = bench.case("postgres to 5 M, 512 in flight").unit("events/s");
    case.setting("sync", Engine::Postgres.sync())
        .setting("concurrency", 512)
        .measure(move || five_million(runtime, million));
}
