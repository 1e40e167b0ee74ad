//! How fast the event store is, beside its limits and its peers.

mod load;
mod raw;

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
