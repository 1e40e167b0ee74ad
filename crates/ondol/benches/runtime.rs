//! What a service does in a second, and how long one waits for it: commands in process and over
//! HTTP, durable before each answer; views folded anew, followed and read.
//!
//! Commands go to 10,000 accounts, 1,024 of them at any time unless it is said otherwise; events
//! have about 200 bytes of data. What one client waits for is compared with a bare fdatasync.

#[path = "runtime/account.rs"]
mod account;
#[path = "runtime/commands.rs"]
mod commands;
#[path = "runtime/lag.rs"]
mod lag;
#[path = "runtime/ledger.rs"]
mod ledger;
#[path = "runtime/load.rs"]
mod load;
#[path = "runtime/place.rs"]
mod place;
#[path = "runtime/views.rs"]
mod views;
#[path = "runtime/watched.rs"]
mod watched;
#[path = "runtime/web.rs"]
mod web;

use ondol_bench::Bench;
use tokio::runtime::Runtime;

use ledger::Ledger;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::from_args("runtime")?;
    let accounts = bench.size(100_000, 1_000);
    let events = bench.size(2_000_000, 20_000);
    let runtime = Runtime::new()?;
    let folder = tempfile::tempdir()?;
    bench.setting("sync", "fdatasync before each answer");
    bench.setting("payload", "events of 200 bytes, documents of 250 bytes with two indexes");
    bench.setting("concurrency", "1,024 commands in flight over 10,000 accounts");
    bench.folder(folder.path());
    let ledger = runtime.block_on(Ledger::filled(folder.path(), accounts, events))?;
    measure(bench, &runtime, &ledger)
}

fn measure<'a>(mut bench: Bench<'a>, run: &'a Runtime, log: &'a Ledger) -> anyhow::Result<()> {
    commands(&mut bench, run);
    views(&mut bench, run, log);
    bench.run()?;
    Ok(())
}

fn commands<'a>(bench: &mut Bench<'a>, run: &'a Runtime) {
    let (many, some, few) =
        (bench.size(400_000, 5_000), bench.size(100_000, 2_000), bench.size(2_000, 100));
    bench
        .case("fdatasync")
        .unit("µs")
        .setting("concurrency", "one writer")
        .measure(move || commands::fdatasync(few));
    bench
        .case("one client")
        .unit("µs")
        .against("fdatasync")
        .setting("concurrency", "one command at a time")
        .measure(move || run.block_on(commands::one_client(few)));
    bench
        .case("commands")
        .unit("commands/s")
        .measure(move || run.block_on(commands::on_disk(many)));
    bench
        .case("commands watched")
        .unit("commands/s")
        .against("commands")
        .setting("telemetry", "traces at the usual share, kept in memory; lines from info on")
        .measure(move || watched::watched(|run| run.block_on(commands::on_disk(many))));
    bench
        .case("commands postgres")
        .unit("commands/s")
        .setting("sync", "synchronous_commit = on")
        .measure(move || run.block_on(commands::on_postgres(some)));
    bench
        .case("http")
        .unit("commands/s")
        .setting("concurrency", "256 connections, one request at a time on each")
        .measure(move || web::commands(run, some));
    bench
        .case("http watched")
        .unit("commands/s")
        .against("http")
        .setting("concurrency", "256 connections, one request at a time on each")
        .setting("telemetry", "traces at the usual share, kept in memory; lines from info on")
        .measure(move || watched::watched(|run| web::commands(run, some)));
    bench
        .case("live lag sqlite p99")
        .unit("ms")
        .setting("concurrency", "half of the commands that the service takes at most")
        .measure(move || run.block_on(lag::at_half_load(many)));
}

fn views<'a>(bench: &mut Bench<'a>, run: &'a Runtime, log: &'a Ledger) {
    let accounts = log.accounts;
    let one = format!("one projection, {accounts} documents");
    bench
        .case("replay")
        .unit("events/s")
        .setting("concurrency", "one reader")
        .measure(move || run.block_on(views::replay(log)));
    bench
        .case("rebuild sqlite")
        .unit("events/s")
        .against("replay")
        .setting("sync", "documents and checkpoint in one commit; rebuildable, so not synced")
        .setting("concurrency", &one)
        .measure(move || run.block_on(views::rebuild_sqlite(log)));
    bench
        .case("rebuild postgres")
        .unit("events/s")
        .against("replay")
        .setting("sync", "synchronous_commit = off for what is folded")
        .setting("concurrency", &one)
        .measure(move || run.block_on(views::rebuild_postgres(log)));
    bench
        .case("read one document sqlite")
        .unit("µs")
        .setting("concurrency", "one reader")
        .measure(move || run.block_on(views::read_one(log)));
    bench
        .case("replay a thousand events of one account")
        .unit("µs")
        .against("read one document sqlite")
        .setting("concurrency", "one reader")
        .measure(move || run.block_on(commands::replay_a_thousand()));
}
