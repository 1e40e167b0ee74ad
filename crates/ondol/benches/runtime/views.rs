//! How fast a view is folded anew, and how quickly it is read.
//!
//! The log is the disk log, the events have about 200 bytes, the documents about 250 and two
//! indexes. Rebuilds are compared with a bare reading of the same log in the same run.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ondol_bench::{Latencies, Measured, Stopwatch};
use ondol_doors::{Clock, Rng, SeededRng, SystemClock};
use ondol_kernel::Position;
use ondol_store::{EventStore, ReadAll};
use ondol_testkit::servers;
use ondol_views::{
    Checkpoint, DocumentKey, Parts, Projector, ProjectorOptions, Source, SourceCheckpoint, Target,
    ViewName, ViewStore,
};
use ondol_views_postgres::PostgresViews;
use ondol_views_sqlite::SqliteViews;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::account::Statement;
use super::ledger::{Ledger, account};

/// How long a projection may take to catch up before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Reads the log and does nothing with it.
pub(crate) async fn replay(ledger: &Ledger) -> anyhow::Result<f64> {
    let watch = Stopwatch::start();
    let (mut after, mut seen) = (Position::START, 0_u64);
    loop {
        let page = ledger.log.read_all(ReadAll::after(after, 5_000)).await?;
        seen += u64::try_from(page.events.len())?;
        after = page.seen;
        if page.seen >= page.head {
            return Ok(watch.rate(seen));
        }
    }
}

/// A projection that runs.
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinSet<Result<(), ondol_views::FollowError>>,
    handle: ondol_views::ViewHandle<Statement>,
}

fn start(ledger: &Ledger, views: Arc<dyn ViewStore>) -> anyhow::Result<Running> {
    let log: Arc<dyn EventStore> = ledger.log.clone();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let parts = Parts { views, sources: vec![Source::new("bank".parse()?, log)], clock };
    let projector = Projector::<Statement>::new(ProjectorOptions::default(), parts)?;
    let handle = projector.handle();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut task = JoinSet::new();
    task.spawn(projector.run(async move { drop(stopped.await) }));
    Ok(Running { stop, task, handle })
}

impl Running {
    async fn catch_up(&self, ledger: &Ledger) -> anyhow::Result<()> {
        let head = ledger.log.head().await?;
        let checkpoint = Checkpoint { epoch: head.epoch, position: head.position };
        let asked = SourceCheckpoint { source: "bank".parse()?, checkpoint };
        self.handle.wait_for(&asked, PATIENCE).await?;
        Ok(())
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stop);
        self.task.join_next().await.context("it was begun")???;
        Ok(())
    }
}

async fn rebuild(ledger: &Ledger, views: Arc<dyn ViewStore>) -> anyhow::Result<f64> {
    let watch = Stopwatch::start();
    let running = start(ledger, Arc::clone(&views))?;
    running.catch_up(ledger).await?;
    let rate = watch.rate(ledger.head().await?);
    running.stop().await?;
    let documents = views.list().await?.first().map_or(0, |status| status.documents);
    anyhow::ensure!(documents == ledger.accounts, "{documents} documents were made");
    Ok(rate)
}

pub(crate) async fn rebuild_sqlite(ledger: &Ledger) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let options = ondol_views_sqlite::Options::at(folder.path().join("views.db"));
    rebuild(ledger, Arc::new(SqliteViews::open(options)?)).await
}

pub(crate) async fn rebuild_postgres(ledger: &Ledger) -> anyhow::Result<f64> {
    let database = servers::postgres().fresh_database();
    let options = ondol_views_postgres::Options::at(database);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    rebuild(ledger, Arc::new(PostgresViews::open(options, clock).await?)).await
}

/// Reads documents one after another, each by its key.
pub(crate) async fn read_one(ledger: &Ledger) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir()?;
    let options = ondol_views_sqlite::Options::at(folder.path().join("views.db"));
    let views: Arc<dyn ViewStore> = Arc::new(SqliteViews::open(options)?);
    rebuild(ledger, Arc::clone(&views)).await?;
    let target = Target::Serving(ViewName::new("statement")?);
    let rng = SeededRng::new(7);
    let mut latencies = Latencies::new();
    for _ in 0..20_000 {
        let key = DocumentKey::new(account(rng.below(ledger.accounts)))?;
        let watch = Stopwatch::start();
        let (_, document) = views.get(&target, &key).await?;
        latencies.record(watch.elapsed());
        anyhow::ensure!(document.is_some(), "{key} is not there");
    }
    let mut micros = |part| latencies.millis(part) * 1_000.0;
    let (median, last) = (micros(0.5), micros(0.99));
    Ok(Measured::new(median).also("p99", "µs", last))
}
