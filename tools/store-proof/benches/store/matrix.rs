//! Durable appends: every engine, from one to 4,096 in flight, over one and 100,000 streams.
//!
//! Each case is compared with the raw limit of the same number in flight, the peers of the log on
//! disk with that.

use ondol_bench::{Bench, Measured};
use tokio::runtime::Runtime;

use crate::engines::Engine;
use crate::load::{self, Load};
use crate::{raw, sqlite};

const STREAMS: [u64; 2] = [100_000, 1];

/// How many events each engine is given, so that a case takes about a second.
struct Sizes {
    in_flight: u64,
    raw: u64,
    memory: u64,
    disk: u64,
    peers: u64,
    single_rows: u64,
}

const SIZES: [Sizes; 4] = [
    Sizes {
        in_flight: 4_096,
        raw: 4_000_000,
        memory: 2_000_000,
        disk: 2_000_000,
        peers: 200_000,
        single_rows: 16_384,
    },
    Sizes {
        in_flight: 512,
        raw: 1_000_000,
        memory: 2_000_000,
        disk: 1_000_000,
        peers: 100_000,
        single_rows: 10_240,
    },
    Sizes {
        in_flight: 64,
        raw: 200_000,
        memory: 2_000_000,
        disk: 250_000,
        peers: 40_000,
        single_rows: 10_240,
    },
    Sizes {
        in_flight: 1,
        raw: 6_000,
        memory: 500_000,
        disk: 6_000,
        peers: 2_000,
        single_rows: 1_000,
    },
];

fn over(streams: u64) -> &'static str {
    if streams == 1 { "one stream" } else { "100,000 streams" }
}

/// The name of a case.
pub(crate) fn name(engine: &str, in_flight: u64, streams: u64) -> String {
    format!("{engine}, {in_flight} in flight over {}", over(streams))
}

/// All of them.
pub(crate) fn cases<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime, event_bytes: usize) {
    for sizes in SIZES {
        let quick = bench.is_quick();
        let size = move |events: u64| {
            let less = if quick { (events / 20).max(sizes.in_flight) } else { events };
            less / sizes.in_flight * sizes.in_flight
        };
        let limit = format!("raw limit, {} in flight", sizes.in_flight);
        let events = size(sizes.raw);
        let case = bench.case(&limit).unit("events/s").setting("concurrency", sizes.in_flight);
        case.measure(move || {
            let folder = tempfile::tempdir_in(".")?;
            raw::write(folder.path(), event_bytes, events, sizes.in_flight)
        });
        for streams in STREAMS {
            let load = move |events| Load { streams, ..Load::new(sizes.in_flight, size(events)) };
            let disk = name("disk", sizes.in_flight, streams);
            append(bench, runtime, Engine::Disk, load(sizes.disk), &limit);
            append(bench, runtime, Engine::Memory, load(sizes.memory), &limit);
            append(bench, runtime, Engine::Postgres, load(sizes.peers), &disk);
            append(bench, runtime, Engine::PostgresSingleRows, load(sizes.single_rows), &disk);
            let name = name("sqlite", sizes.in_flight, streams);
            let case = bench.case(&name).unit("events/s").against(&disk);
            case.setting("sync", "WAL, synchronous=FULL, a transaction for all in flight")
                .setting("concurrency", sizes.in_flight)
                .measure(move || sqlite::append(load(sizes.peers)));
        }
    }
    ten_and_conditional(bench, runtime);
}

fn append<'a>(
    bench: &mut Bench<'a>,
    runtime: &'a Runtime,
    engine: Engine,
    load: Load,
    against: &str,
) {
    let name = name(engine.name(), load.in_flight, load.streams);
    let case = bench.case(&name).unit("events/s").against(against).setting("sync", engine.sync());
    case.setting("concurrency", load.in_flight).measure(move || measure(runtime, engine, load));
}

fn measure(runtime: &Runtime, engine: Engine, load: Load) -> anyhow::Result<f64> {
    let opened = engine.open(runtime)?;
    runtime.block_on(load::append(&opened.stores, load))
}

/// Appends of ten events, and appends on a condition.
fn ten_and_conditional<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime) {
    let events = bench.size(4_000_000, 200_000);
    let case = bench.case("disk ten, 4096 in flight").unit("events/s");
    case.against("raw limit, 4096 in flight").setting("concurrency", 4096).measure(move || {
        let load = Load { events_per_append: 10, ..Load::new(4096, events) };
        measure(runtime, Engine::Disk, load)
    });
    for (engine, in_flight, events) in [
        (Engine::Disk, 4096, bench.size(1_500_000, 100_000)),
        (Engine::Postgres, 512, bench.size(100_000, 5_000)),
    ] {
        let against = name(engine.name(), in_flight, 100_000);
        let name = format!("{} conditional, {in_flight} in flight", engine.name());
        let case = bench.case(&name).unit("events/s").against(&against);
        case.setting("sync", engine.sync()).setting("concurrency", in_flight).measure(move || {
            let load = Load { is_conditional: true, ..Load::new(in_flight, events) };
            measure(runtime, engine, load)
        });
    }
}

/// One client alone, beside a bare sync of as many bytes.
pub(crate) fn one_client<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime, event_bytes: usize) {
    let rounds = bench.size(4_000, 500);
    let case = bench.case("bare fdatasync").unit("us").setting("concurrency", 1);
    case.measure(move || {
        let folder = tempfile::tempdir_in(".")?;
        raw::sync_alone(folder.path(), event_bytes, rounds)
    });
    let case = bench.case("disk ack, one client").unit("us").against("bare fdatasync");
    case.setting("concurrency", 1).measure(move || {
        let rate = measure(runtime, Engine::Disk, Load::new(1, rounds))?;
        anyhow::Ok(Measured::new(1e6 / rate))
    });
}
