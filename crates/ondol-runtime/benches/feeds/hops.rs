//! Hops: many at once, one by one, and writing while others read.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ondol_bench::{Latencies, Stopwatch};
use ondol_bus::{Feed, Follower};
use ondol_kernel::Position;
use ondol_runtime::Supervisor;
use tokio::task::JoinSet;

use crate::mill::{MILL, Mill, stones};

/// How long anything may take before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(100);

/// Turns one wheel, wherever it is, and comes back once that is acknowledged.
#[async_trait::async_trait]
pub(crate) trait Turns: Sync {
    async fn turn_once(&self, number: u64) -> anyhow::Result<()>;
}

#[async_trait::async_trait]
impl Turns for Mill {
    async fn turn_once(&self, number: u64) -> anyhow::Result<()> {
        crate::mill::turn_one(&self.wheel, number).await
    }
}

/// Follows a feed that has so many events, from the first one on.
pub(crate) async fn drained(at: &Path, feed: Arc<dyn Feed>, events: u64) -> anyhow::Result<f64> {
    let (folder, supervisor) = (tempfile::tempdir_in(at)?, Supervisor::new());
    let watch = Stopwatch::start();
    let running = stones(folder.path(), feed, &supervisor)?;
    let mut head = running.home().ground.store.watch();
    let done = head.wait_for(|head| head.position >= Position::new(events));
    tokio::time::timeout(PATIENCE, done).await??;
    let rate = watch.rate(events);
    supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))?;
    Ok(rate)
}

/// One hop after the other: from an event's acknowledgement to that of its effect.
pub(crate) async fn one_by_one(
    at: &Path,
    feed: Arc<dyn Feed>,
    turns: &impl Turns,
    singles: u64,
) -> anyhow::Result<Latencies> {
    let (folder, supervisor) = (tempfile::tempdir_in(at)?, Supervisor::new());
    let running = stones(folder.path(), feed, &supervisor)?;
    // First it has to come to the end of what there is.
    let control = running.reaction("turn the stones")?.clone();
    let mut progress = control.watch();
    let live = progress.wait_for(|progress| {
        let mut sources = progress.sources.iter().filter(|one| one.source.as_str() == MILL);
        sources.any(|one| one.dealt >= one.head && one.head > Position::START)
    });
    tokio::time::timeout(PATIENCE, live).await??;
    let mut head = running.home().ground.store.watch();
    let mut latencies = Latencies::new();
    for number in 0..singles {
        let before = head.borrow_and_update().position;
        turns.turn_once(number).await?;
        let watch = Stopwatch::start();
        let done = head.wait_for(|head| head.position > before);
        tokio::time::timeout(PATIENCE, done).await??;
        latencies.record(watch.elapsed());
    }
    supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))?;
    Ok(latencies)
}

/// Writes while so many readers follow what is published, up to the last event.
pub(crate) async fn written(at: &Path, events: u64, readers: usize) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir_in(at)?;
    let mill = Mill::open(folder.path())?;
    let mut reading = JoinSet::new();
    for _ in 0..readers {
        let mut follower = Follower::new(mill.feed(), Position::START, None, Vec::new(), 1_000);
        reading.spawn(async move {
            let mut seen = 0;
            while seen < events {
                match follower.next(Duration::from_secs(10)).await {
                    Ok(followed) => seen += u64::try_from(followed.events.len()).unwrap_or(0),
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        });
    }
    let watch = Stopwatch::start();
    mill.turn(events).await?;
    let rate = watch.rate(events);
    while let Some(read) = reading.join_next().await {
        read??;
    }
    mill.close().await?;
    Ok(rate)
}
