//! How fast the event store on PostgreSQL is: a server with its usual settings, syncing on.
//!
//! One process, as many appends in flight as each case says, events of 200 bytes into 100,000
//! streams. "flat to 5 M" is the speed from 4.5 to 5 million events, beside that of an empty log.

mod load;

use std::sync::Arc;

use load::Load;
use ondol_bench::{Bench, Stopwatch};
use ondol_doors::{SystemClock, SystemRng};
use ondol_kernel::Position;
use ondol_store::{EventStore, ReadAll, ReadStream};
use ondol_store_postgres::{PostgresOptions, PostgresStore};
use ondol_testkit::servers;
use tokio::runtime::Runtime;

/// In how many transactions at a time single rows are written.
const SINGLE_ROW_STORES: usize = 16;

fn options() -> PostgresOptions {
    PostgresOptions { url: servers::postgres().fresh_database(), ..PostgresOptions::default() }
}

async fn open(options: PostgresOptions) -> anyhow::Result<Arc<PostgresStore>> {
    let clock = Arc::new(SystemClock::start());
    Ok(Arc::new(PostgresStore::open(options, clock, Arc::new(SystemRng)).await?))
}

/// Events a second that become durable, in a new log.
fn append(runtime: &Runtime, load: Load) -> anyhow::Result<f64> {
    runtime.block_on(async { load::append(&[open(options()).await?], load).await })
}

/// The same with a transaction for each append.
fn append_single_rows(runtime: &Runtime, load: Load) -> anyhow::Result<f64> {
    runtime.block_on(async {
        let options = PostgresOptions { group_appends_max: 1, ..options() };
        let mut stores = Vec::new();
        for _ in 0..SINGLE_ROW_STORES {
            stores.push(open(options.clone()).await?);
        }
        load::append(&stores, load).await
    })
}

/// Events a second once so many are there.
fn append_after(runtime: &Runtime, before: u64, load: Load) -> anyhow::Result<f64> {
    runtime.block_on(async {
        let store = [open(options()).await?];
        load::append(&store, Load { events: before, ..load }).await?;
        load::append(&store, load).await
    })
}

/// Events a second that are read from the beginning.
fn replay(runtime: &Runtime, events: u64) -> anyhow::Result<f64> {
    runtime.block_on(async {
        let store = open(options()).await?;
        load::append(&[Arc::clone(&store)], Load::new(4_096, events)).await?;
        let (mut after, mut read) = (Position::START, 0_u64);
        let watch = Stopwatch::start();
        loop {
            let page = store.read_all(ReadAll::after(after, 10_000)).await?;
            read += u64::try_from(page.events.len())?;
            after = page.seen;
            if page.seen == page.head {
                return Ok(watch.rate(read));
            }
        }
    })
}

/// Streams of a hundred events that are read in a second.
fn read_streams(runtime: &Runtime, reads: u64) -> anyhow::Result<f64> {
    const STREAMS: u64 = 100;
    runtime.block_on(async {
        let store = open(options()).await?;
        let load = Load { streams: STREAMS, ..Load::new(100, STREAMS * 100) };
        load::append(&[Arc::clone(&store)], load).await?;
        let watch = Stopwatch::start();
        for number in 0..reads {
            let read = ReadStream::forward(load::stream(number % STREAMS)?, 100);
            anyhow::ensure!(!store.read_stream(read).await?.is_empty(), "a stream is empty");
        }
        Ok(watch.rate(reads))
    })
}

fn main() -> anyhow::Result<()> {
    let threads =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let runtime = &threads;
    let mut bench = Bench::from_args("store-postgres")?;
    bench.setting("sync", "PostgreSQL: fsync, full_page_writes, synchronous_commit on");
    bench.setting("payload", "200 bytes");
    bench.setting("concurrency", "as each case says; 100,000 streams");
    let events = bench.size(500_000, 20_000);
    for (name, in_flight, share) in [
        ("append, 1 in flight", 1, 100),
        ("append, 64 in flight", 64, 4),
        ("append, 512 in flight", 512, 1),
        ("append, 4096 in flight", 4_096, 1),
    ] {
        let load = Load::new(in_flight, events / share);
        bench.case(name).unit("events/s").measure(move || append(runtime, load));
    }
    let load = Load::new(512, events);
    bench
        .case("single rows, 16 connections")
        .unit("events/s")
        .against("append, 512 in flight")
        .measure(move || append_single_rows(runtime, Load::new(16, events / 100)));
    bench
        .case("conditional, 512 in flight")
        .unit("events/s")
        .against("append, 512 in flight")
        .measure(move || append(runtime, Load { is_conditional: true, ..load }));
    bench
        .case("flat to 5 M")
        .unit("events/s")
        .against("append, 512 in flight")
        .measure(move || append_after(runtime, events * 9, load));
    bench.case("replay").unit("events/s").measure(move || replay(runtime, events));
    let reads = bench.size(5_000, 200);
    bench.case("streams of 100").unit("streams/s").measure(move || read_streams(runtime, reads));
    bench.run()?;
    Ok(())
}
