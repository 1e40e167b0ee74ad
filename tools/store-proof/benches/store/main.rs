//! How fast the event store is, beside its limits and its peers.

mod load;
mod raw;
mod read;
mod sqlite;

use std::sync::Arc;

use load::Load;
use ondol_bench::Bench;
use ondol_store::{EventStore, MemoryStore};
use ondol_store_disk::{DiskStore, Doors, Options};
use tokio::runtime::Runtime;

fn open(folder: &std::path::Path) -> anyhow::Result<Arc<dyn EventStore>> {
    Ok(Arc::new(DiskStore::open(&Options::in_folder(folder), &Doors::default())?))
}

fn main() -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    measure(&runtime)
}

/// One client alone, beside a bare sync of as many bytes.
fn one_client<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime) {
    let rounds = bench.size(4_000, 500);
    bench.case("bare fdatasync").unit("us").setting("concurrency", 1).measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        raw::sync_alone(folder.path(), rounds)
    });
    let case = bench.case("one client").unit("us").against("bare fdatasync");
    case.setting("concurrency", 1).measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        let store = open(folder.path())?;
        let rate = runtime.block_on(load::append(store, Load::new(1, rounds)))?;
        anyhow::Ok(1e6 / rate)
    });
}

/// Reading what is in the page cache.
fn reading<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime, events: u64) {
    bench.case("replay").unit("events/s").setting("sync", "none").measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        let store = open(folder.path())?;
        runtime.block_on(load::append(Arc::clone(&store), Load::new(4096, events)))?;
        runtime.block_on(read::replay(&*store))?;
        runtime.block_on(read::replay(&*store))
    });
    let case = bench.case("a stream of 100, scattered").unit("us").setting("sync", "none");
    case.setting("concurrency", 1).measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        let store = open(folder.path())?;
        let load = Load { streams: events / 100, ..Load::new(4096, events) };
        runtime.block_on(load::append(Arc::clone(&store), load))?;
        runtime.block_on(read::streams(&*store, load.streams))
    });
}

fn measure(runtime: &Runtime) -> anyhow::Result<()> {
    let mut bench = Bench::from_args("store")?;
    bench.setting("sync", "fdatasync before the answer");
    bench.setting("payload", "200 bytes");
    bench.setting("concurrency", "4,096 in flight");
    let events = bench.size(2_000_000, 400_000);
    bench.case("raw limit").unit("events/s").measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        raw::write(folder.path(), events, 4096)
    });
    bench.case("append").unit("events/s").against("raw limit").measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        let store = open(folder.path())?;
        runtime.block_on(load::append(store, Load::new(4096, events)))
    });
    bench
        .case("sqlite, the obvious table")
        .unit("events/s")
        .against("append")
        .setting("sync", "WAL, synchronous=FULL, a transaction for 4,096 appends")
        .measure(move || sqlite::append(events / 8));
    for (case, in_flight, share, streams) in [
        ("append, 512 in flight", 512, 2, 100_000),
        ("append, 64 in flight", 64, 8, 100_000),
        ("append, one stream", 4096, 1, 1),
    ] {
        bench.case(case).unit("events/s").setting("concurrency", in_flight).measure(move || {
            let folder = tempfile::tempdir_in(".")?;
            let store = open(folder.path())?;
            let load = Load { streams, ..Load::new(in_flight, events / share) };
            runtime.block_on(load::append(store, load))
        });
    }
    one_client(&mut bench, runtime);
    reading(&mut bench, runtime, events);
    bench.case("memory").unit("events/s").measure(move || {
        let store: Arc<dyn EventStore> = Arc::new(MemoryStore::default());
        runtime.block_on(load::append(store, Load::new(4096, events)))
    });
    bench.case("append ten").unit("events/s").against("raw limit").measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        let store = open(folder.path())?;
        let load = Load { events_per_append: 10, ..Load::new(4096, events * 2) };
        runtime.block_on(load::append(store, load))
    });
    bench.case("conditional").unit("events/s").against("append").measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        let store = open(folder.path())?;
        runtime
            .block_on(load::append(store, Load { is_conditional: true, ..Load::new(4096, events) }))
    });
    bench.run()?;
    Ok(())
}
