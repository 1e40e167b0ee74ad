//! How many hops services make in a second, how long one takes, and what readers cost a writer.
//!
//! A hop: an event that is acknowledged is published, a policy hears of it and asks, and what was
//! asked is acknowledged. Logs are on disk and every acknowledgement is durable. Over HTTP the
//! publishing service is another process.

#[path = "feeds/hops.rs"]
mod hops;
#[path = "feeds/mill.rs"]
mod mill;
#[path = "feeds/remote.rs"]
mod remote;

use std::path::Path;

use ondol_bench::{Bench, Measured};
use ondol_memory as _;
use tokio::runtime::Runtime;

use hops::{drained, one_by_one, written};
use mill::Mill;
use remote::Remote;

fn main() -> anyhow::Result<()> {
    if let Some(folder) = std::env::var_os(remote::SERVE) {
        return Runtime::new()?.block_on(remote::serve(folder.into()));
    }
    let mut bench = Bench::from_args("feeds")?;
    let events = bench.size(200_000, 4_000);
    let singles = bench.size(500, 50);
    let runtime = Runtime::new()?;
    let folder = tempfile::tempdir()?;
    bench.setting("sync", "fdatasync before every acknowledgement");
    bench.setting("payload", "public events of about 80 bytes, one command and one event a hop");
    bench.setting("concurrency", "10,000 streams, as many in flight as a policy takes by itself");
    bench.folder(folder.path());
    let run = &runtime;
    let mill = run.block_on(Mill::filled(&folder.path().join("mill"), events))?;
    let apart = run.block_on(Mill::filled(&folder.path().join("apart"), events))?;
    let path = run.block_on(apart.close())?;
    let far = run.block_on(Remote::start(&path))?;
    let shop = Shop { run, mill: &mill, far: &far, at: folder.path() };
    measure(bench, shop, events, singles)
}

/// What is measured.
#[derive(Clone, Copy)]
struct Shop<'a> {
    run: &'a Runtime,
    mill: &'a Mill,
    far: &'a Remote,
    at: &'a Path,
}

fn measure<'a>(
    mut bench: Bench<'a>,
    Shop { run, mill, far, at }: Shop<'a>,
    events: u64,
    singles: u64,
) -> anyhow::Result<()> {
    bench
        .case("hops in process")
        .unit("hops/s")
        .measure(move || run.block_on(drained(at, mill.feed(), events)));
    bench.case("hop in process median").unit("ms").measure(move || {
        let mut latencies = run.block_on(one_by_one(at, mill.feed(), mill, singles))?;
        let also = latencies.millis(0.99);
        anyhow::Ok(Measured::new(latencies.millis(0.5)).also("p99", "ms", also))
    });
    bench
        .case("hops over http")
        .unit("hops/s")
        .against("hops in process")
        .setting("concurrency", "the publishing service is another process")
        .measure(move || run.block_on(drained(at, far.feed(), events)));
    bench
        .case("hop over http median")
        .unit("ms")
        .setting("concurrency", "the publishing service is another process")
        .measure(move || {
            let mut latencies = run.block_on(one_by_one(at, far.feed(), far, singles))?;
            let also = latencies.millis(0.99);
            anyhow::Ok(Measured::new(latencies.millis(0.5)).also("p99", "ms", also))
        });
    bench
        .case("writes alone")
        .unit("events/s")
        .measure(move || run.block_on(written(at, events, 0)));
    bench
        .case("writes with ten readers")
        .unit("events/s")
        .against("writes alone")
        .measure(move || run.block_on(written(at, events, 10)));
    bench.run()?;
    Ok(())
}
