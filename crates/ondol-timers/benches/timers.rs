//! A million timers that sleep: how long a start takes over them, and how late those fire that are
//! due meanwhile.
//!
//! The timers are in SQLite, as a service keeps them on one machine. Firing does nothing but note
//! how late it is; what a command costs is measured where commands are.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ondol_bench::{Bench, Latencies, Measured, Stopwatch};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::{Id, Position, StreamId, Timestamp};
use ondol_memory as _;
use ondol_timers::{
    BookName, BoxError, Checkpoint, Fire, Generation, Order, Runner, RunnerOptions, Timer, TimerId,
    TimerStore, Write,
};
use ondol_timers_sqlite::{Options, SqliteTimers};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How many fire in one measurement, spread over two seconds.
const DUE: u64 = 2_000;
const SPREAD: Duration = Duration::from_secs(2);
const FAR: Duration = Duration::from_secs(3_600 * 24);

fn main() -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("timers.db");
    let mut bench = Bench::from_args("timers")?;
    let sleeping = bench.size(1_000_000, 10_000);
    bench.setting("sync", "timers and checkpoint in one commit; rebuildable, so not synced");
    bench.setting("payload", format!("{sleeping} timers that sleep, one a stream"));
    bench.setting("concurrency", "one runner, 64 streams side by side");
    bench.folder(folder.path());
    runtime.block_on(fill(&file, sleeping))?;
    let (run, path) = (&runtime, file.as_path());
    bench.case("start up sqlite").unit("ms").measure(move || run.block_on(start_up(path)));
    bench.case("late sqlite p99").unit("ms").measure(move || run.block_on(late(path)));
    bench.run()?;
    Ok(())
}

fn book() -> anyhow::Result<BookName> {
    Ok("things".parse()?)
}

fn open(file: &Path) -> anyhow::Result<Arc<dyn TimerStore>> {
    Ok(Arc::new(SqliteTimers::open(&Options::at(file))?))
}

fn timer(number: u64, due: Timestamp) -> anyhow::Result<Order> {
    let id = TimerId { stream: StreamId::new("thing", number)?, name: "end".parse()? };
    Ok(Order::Set(Timer { id, generation: Generation(number), due }))
}

async fn set(timers: &dyn TimerStore, orders: Vec<Order>) -> anyhow::Result<()> {
    let from = timers.checkpoint(&book()?).await?;
    let position = from.map_or(1, |from| from.position.get() + 1);
    let to = Checkpoint { epoch: Id::from_u128(1), position: Position::new(position) };
    timers.write(Write { book: book()?, from, to, orders }).await?;
    Ok(())
}

async fn fill(file: &Path, sleeping: u64) -> anyhow::Result<()> {
    let timers = open(file)?;
    let now = SystemClock::start().now();
    let mut rest: Vec<u64> = (0..sleeping).collect();
    while !rest.is_empty() {
        let these = rest.split_off(rest.len().saturating_sub(50_000));
        let due = |number: u64| now.checked_add(FAR + Duration::from_millis(number % 86_400_000));
        let orders = these.into_iter().filter_map(|number| Some(timer(number, due(number)?)));
        set(timers.as_ref(), orders.collect::<Result<_, _>>()?).await?;
    }
    Ok(())
}

/// Notes how late each one is.
#[derive(Debug)]
struct Lateness {
    clock: Arc<SystemClock>,
    found: Mutex<Latencies>,
}

#[async_trait]
impl Fire for Lateness {
    async fn fire(&self, timer: &Timer) -> Result<(), BoxError> {
        let late = self.clock.now().since(timer.due);
        self.found.lock().unwrap_or_else(PoisonError::into_inner).record(late);
        Ok(())
    }
}

/// A runner over the file, until the answer is dropped.
fn start(
    timers: Arc<dyn TimerStore>,
    fire: &Arc<Lateness>,
) -> anyhow::Result<(tokio::sync::watch::Receiver<ondol_timers::Standing>, Guard)> {
    let clock = Arc::<SystemClock>::clone(&fire.clock);
    let fire = Arc::<Lateness>::clone(fire);
    let runner = Runner::new(RunnerOptions::default(), book()?, timers, clock, fire)?;
    let standing = runner.standing();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(runner.run(async move { drop(stopped.await) }));
    Ok((standing, Guard { _stop: stop, _tasks: tasks }))
}

struct Guard {
    _stop: oneshot::Sender<()>,
    _tasks: JoinSet<Result<(), ondol_timers::RunError>>,
}

fn lateness() -> Arc<Lateness> {
    let clock = Arc::new(SystemClock::start());
    Arc::new(Lateness { clock, found: Mutex::new(Latencies::new()) })
}

/// From nothing to knowing which one is the next.
async fn start_up(file: &Path) -> anyhow::Result<f64> {
    let watch = Stopwatch::start();
    let timers = open(file)?;
    let (mut standing, _guard) = start(timers, &lateness())?;
    standing.wait_for(|standing| standing.next.is_some()).await?;
    Ok(watch.elapsed().as_secs_f64() * 1_000.0)
}

async fn late(file: &Path) -> anyhow::Result<Measured> {
    let timers = open(file)?;
    let fire = lateness();
    let (mut standing, _guard) = start(Arc::clone(&timers), &fire)?;
    standing.wait_for(|standing| standing.next.is_some()).await?;
    let begin = fire.clock.now().checked_add(Duration::from_millis(500));
    let begin = begin.ok_or_else(|| anyhow::anyhow!("the clock shows the year 9999"))?;
    let step = SPREAD / u32::try_from(DUE)?;
    let due = |number: u64| begin.checked_add(step * u32::try_from(number).ok()?);
    let orders = (0..DUE).filter_map(|number| Some(timer((1 << 40) + number, due(number)?)));
    set(timers.as_ref(), orders.collect::<Result<_, _>>()?).await?;
    standing.wait_for(|standing| standing.fired >= DUE).await?;
    let mut found = fire.found.lock().unwrap_or_else(PoisonError::into_inner);
    let (median, last) = (found.millis(0.5), found.millis(0.99));
    Ok(Measured::new(last).also("median", "ms", median).also("max", "ms", found.millis(1.0)))
}
