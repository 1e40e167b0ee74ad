//! A service with a place of its own: a folder or a database.

use std::sync::Arc;

use ondol::{Running, Service};
use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_runtime::{Ground, Home, Supervisor};
use ondol_store::EventStore;
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_store_postgres::{PostgresOptions, PostgresStore};
use ondol_testkit::servers;
use ondol_timers::MemoryTimers;
use ondol_views::ViewStore;
use ondol_views_postgres::PostgresViews;
use ondol_views_sqlite::SqliteViews;
use tempfile::TempDir;

/// A service that runs, and its place.
pub(crate) struct Place {
    pub(crate) running: Running,
    pub(crate) home: Home,
    supervisor: Supervisor,
    _folder: TempDir,
}

impl Place {
    /// Over a log on this disk, and views in SQLite.
    pub(crate) fn on_disk(service: &Service) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let options = Options::in_folder(folder.path().join("log"));
        let store: Arc<dyn EventStore> = Arc::new(DiskStore::open(&options, &Doors::default())?);
        let views = ondol_views_sqlite::Options::at(folder.path().join("views.db"));
        Self::over(service, store, Arc::new(SqliteViews::open(views)?), folder)
    }

    /// Over a log and views in a database of its own.
    pub(crate) async fn on_postgres(service: &Service) -> anyhow::Result<Self> {
        let url = servers::postgres().fresh_database();
        let views = ondol_views_postgres::Options::at(url.clone());
        let options = PostgresOptions { url, ..PostgresOptions::default() };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let store = PostgresStore::open(options, Arc::clone(&clock), Arc::new(SystemRng)).await?;
        let views = PostgresViews::open(views, clock).await?;
        Self::over(service, Arc::new(store), Arc::new(views), tempfile::tempdir()?)
    }

    fn over(
        service: &Service,
        store: Arc<dyn EventStore>,
        views: Arc<dyn ViewStore>,
        folder: TempDir,
    ) -> anyhow::Result<Self> {
        let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) =
            (Arc::new(SystemClock::start()), Arc::new(SystemRng));
        let home = Home {
            ground: Ground { store, clock, rng },
            views,
            timers: Arc::new(MemoryTimers::default()),
        };
        let supervisor = Supervisor::new();
        let running = service.start(&home, &supervisor)?;
        Ok(Self { running, home, supervisor, _folder: folder })
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let ended = self.supervisor.shut_down().await;
        ended.map_err(|end| anyhow::anyhow!("{} has ended: {:?}", end.task, end.ending))
    }
}
