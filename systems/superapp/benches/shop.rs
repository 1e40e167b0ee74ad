//! What the shop can do in one process: orders from their being placed to the door, and products
//! read through the gateway over HTTP; and the whole program as it is shipped: its size, its beginning
//! and its rest.

#[path = "shop/ordering.rs"]
mod ordering;
#[path = "shop/reading.rs"]
mod reading;
#[path = "shop/whole.rs"]
mod whole;

use ondol_bench::Bench;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let mut bench = Bench::from_args("shop")?;
    bench.folder(folder.path());
    bench.setting("sync", "fdatasync before an event is acknowledged");
    bench.setting("payload", "orders of one product; products as JSON");
    bench.setting("concurrency", "one, where nothing else is said");
    bench.setting("outside world", "in this process over HTTP on the loopback, without latency");
    let (orders, reads) = (bench.size(4_000, 200), bench.size(200_000, 6_400));
    let case = bench.case("orders to the door").unit("orders/s");
    case.setting("concurrency", format!("{} under way at once", ordering::AT_ONCE))
        .measure(|| ordering::delivered(&runtime, orders));
    let case = bench.case("products through the gateway").unit("reads/s");
    case.setting("concurrency", format!("{} connections", reading::CONNECTIONS))
        .measure(|| reading::read(&runtime, reads));
    bench.case("the program").unit("MiB").measure(whole::size);
    bench.case("all of it is ready").unit("ms").measure(whole::comes_up);
    bench.run()?;
    Ok(())
}
