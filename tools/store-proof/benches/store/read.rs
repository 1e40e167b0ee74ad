//! Reading what was written, from the page cache.

use ondol_bench::{Bench, Stopwatch};
use ondol_kernel::Position;
use ondol_store::{EventStore, ReadAll, ReadStream};
use tokio::runtime::Runtime;

use crate::engines::Engine;
use crate::load::{self, Load, spread, stream};

/// Reads the whole log; answers how many events a second.
async fn replay(store: &dyn EventStore) -> anyhow::Result<f64> {
    let (mut after, mut count) = (Position::START, 0);
    let watch = Stopwatch::start();
    loop {
        let page = store.read_all(ReadAll::after(after, 4096)).await?;
        count += page.events.len() as u64;
        if page.seen >= page.head {
            return Ok(watch.rate(count));
        }
        after = page.seen;
    }
}

/// Reads streams here and there, each twice; answers how many microseconds the second takes.
async fn streams(store: &dyn EventStore, streams: u64, reads: u64) -> anyhow::Result<f64> {
    let (mut took, mut found) = (std::time::Duration::ZERO, 0);
    for nth in 1..=reads {
        let stream = stream(spread(nth) % streams)?;
        store.read_stream(ReadStream::forward(stream.clone(), 100)).await?;
        let watch = Stopwatch::start();
        found += store.read_stream(ReadStream::forward(stream, 100)).await?.len() as u64;
        took += watch.elapsed();
    }
    // Streams get their events by a hash: they are a hundred long on average.
    anyhow::ensure!(found > reads * 80, "a stream has a hundred events, found {found} in {reads}");
    Ok(took.as_secs_f64() * 1e6 / f64::from(u32::try_from(reads)?))
}

/// A replay and streams of a hundred, on the disk and on PostgreSQL.
pub(crate) fn cases<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime) {
    for (engine, events) in [
        (Engine::Disk, bench.size(2_000_000, 200_000)),
        (Engine::Postgres, bench.size(500_000, 20_000)),
    ] {
        let name = format!("{} replay", engine.name());
        let case = bench.case(&name).unit("events/s").setting("sync", "none");
        case.setting("concurrency", 1).measure(move || {
            let opened = engine.open(runtime)?;
            runtime.block_on(load::append(&opened.stores, Load::new(4096, events)))?;
            runtime.block_on(replay(&**opened.one()?))?;
            runtime.block_on(replay(&**opened.one()?))
        });
        let name = format!("{} stream of 100", engine.name());
        let case = bench.case(&name).unit("us").setting("sync", "none");
        case.setting("concurrency", 1).measure(move || {
            let opened = engine.open(runtime)?;
            let load = Load { streams: events / 100, ..Load::new(4096, events) };
            runtime.block_on(load::append(&opened.stores, load))?;
            runtime.block_on(streams(&**opened.one()?, load.streams, 1_000))
        });
    }
}
