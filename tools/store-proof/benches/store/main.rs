//! How fast the event store is, beside its limits and its peers: every engine under the same load
//! in one run.
//!
//! The raw limit is what the disk takes of the very bytes that the log writes, in frames with a
//! checksum, synced in groups of as many events as are in flight.

mod engines;
mod large;
mod load;
mod long;
mod matrix;
mod raw;
mod read;
mod sqlite;

use ondol_bench::Bench;
use ondol_memory as _;

fn main() -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if let Some(folder) = large::child() {
        return large::open(&folder, &runtime);
    }
    let mut bench = Bench::from_args("store")?;
    let event_bytes = raw::event_bytes(&runtime)?;
    bench.folder(std::env::current_dir()?);
    bench.setting("sync", "fdatasync before the answer");
    bench.setting("payload", format!("200 bytes, {event_bytes} with what surrounds them"));
    matrix::cases(&mut bench, &runtime, event_bytes);
    matrix::one_client(&mut bench, &runtime, event_bytes);
    read::cases(&mut bench, &runtime);
    long::cases(&mut bench, &runtime);
    large::cases(&mut bench, &runtime);
    bench.run()?;
    Ok(())
}
