//! What the shop can do in one process: orders from their being placed to the door, and products
//! read through the gateway over HTTP.

#[path = "shop/floor.rs"]
mod floor;
#[path = "shop/ordering.rs"]
mod ordering;
#[path = "shop/reading.rs"]
mod reading;

use ondol_bench::Bench;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let mut bench = Bench::from_args("shop")?;
    bench.folder(folder.path());
    bench.setting("sync", "fdatasync before an event is acknowledged");
    bench.setting("outside world", "in this process over HTTP on the loopback, without latency");
    let (orders, reads) = (bench.size(4_000, 200), bench.size(200_000, 6_400));
    let case = bench.case("orders to the door").unit("orders/s");
    case.setting("concurrency", "256 placed at once")
        .measure(|| ordering::delivered(&runtime, orders));
    let case = bench.case("products through the gateway").unit("reads/s");
    case.setting("concurrency", format!("{} connections", reading::CONNECTIONS))
        .measure(|| reading::read(&runtime, reads));
    bench.run()?;
    Ok(())
}
