//! How many sagas a process runs over logs on disk, how soon one is done, and how soon a process
//! is at work that finds a million asleep.

mod asleep;
mod bank;

use std::sync::Arc;
use std::time::Duration;

use asleep::Sleepers;
use bank::Bank;
use ondol_bench::{Bench, Latencies, Measured, Stopwatch};
use ondol_doors::{Clock, SystemClock};
use ondol_memory as _;
use tokio::sync::Semaphore;

/// How many sagas are under way at a time.
const UNDER_WAY: usize = 4_000;
/// How many begin them.
const STARTERS: u64 = 64;

fn main() -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut asleep = None;
    let mut bench = Bench::from_args("saga")?;
    bench.setting("sync", "fdatasync before each answer, three logs");
    bench.setting("payload", "a transfer: hold, deposit, settle");
    bench.folder(".");
    let sagas = bench.size(40_000, 2_000);
    bench
        .case("three steps")
        .unit("sagas/s")
        .setting("concurrency", "4,000 under way")
        .measure(|| runtime.block_on(many(sagas)));
    let rounds = bench.size(500, 50);
    bench
        .case("unloaded")
        .unit("ms")
        .setting("concurrency", 1)
        .measure(|| runtime.block_on(one_by_one(rounds)));
    let sleeping = bench.size(1_000_000, 20_000);
    bench.case("begin among sleepers").unit("s").setting("concurrency", 1).measure(|| {
        let asleep = match &mut asleep {
            Some(asleep) => asleep,
            none => none.insert(Sleepers::new(&runtime, sleeping)?),
        };
        asleep.begin(&runtime)
    });
    bench.run()?;
    Ok(())
}

/// As many as there is room for, all the time.
async fn many(sagas: u64) -> anyhow::Result<f64> {
    let bank = Bank::open().await?;
    let room = Arc::new(Semaphore::new(UNDER_WAY));
    let watch = Stopwatch::start();
    let mut starters = tokio::task::JoinSet::new();
    for starter in 0..STARTERS {
        let (bank, room) = (bank.clone(), Arc::clone(&room));
        starters.spawn(async move {
            let mut number = starter;
            while number < sagas {
                room.acquire().await?.forget();
                bank.transfer(number).await?;
                number += STARTERS;
            }
            anyhow::Ok(())
        });
    }
    // One looks how many have ended, and makes room for as many.
    let (mut ended, mut seen) = (bank.sagas.metrics().ended(), 0);
    while seen < sagas {
        let now = *ended.wait_for(|ended| *ended > seen).await?;
        room.add_permits(usize::try_from(now - seen)?);
        seen = now;
    }
    let rate = watch.rate(sagas);
    while let Some(done) = starters.join_next().await {
        done??;
    }
    bank.close().await?;
    Ok(rate)
}

/// One after the other.
async fn one_by_one(rounds: u64) -> anyhow::Result<Measured> {
    let bank = Bank::open().await?;
    let mut ended = bank.sagas.metrics().ended();
    let mut latencies = Latencies::new();
    let clock = SystemClock::start();
    for number in 0..rounds {
        let began = clock.running();
        bank.transfer(number).await?;
        ended.wait_for(|ended| *ended > number).await?;
        latencies.record(clock.running().saturating_sub(began));
        clock.sleep(Duration::from_millis(1)).await;
    }
    bank.close().await?;
    Ok(Measured::new(latencies.millis(0.5)).also("p99", "ms", latencies.millis(0.99)))
}
