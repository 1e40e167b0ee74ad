//! The provider as it is served: over HTTP, on a log and an audit log on a disk.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use ondol::{Between, Config, Section, Stage};
use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_http::ServerOptions;
use ondol_runtime::{Ground, Home, Supervisor};
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_timers::MemoryTimers;
use ondol_views::MemoryViews;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The provider, served until it is told to stop.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
    served: JoinSet<std::io::Result<()>>,
    supervisor: Supervisor,
    _folder: tempfile::TempDir,
}

impl House {
    /// With these settings.
    pub(crate) async fn open(settings: &str) -> anyhow::Result<Self> {
        let (folder, supervisor) = (tempfile::tempdir()?, Supervisor::new());
        let (stop, stopped) = watch::channel(false);
        let stage = stage(folder.path(), &supervisor, settings)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut served = JoinSet::new();
        served.spawn(async move {
            let router = stage.router.clone();
            let done = ondol_http::serve(listener, router, ServerOptions::default(), stopped).await;
            drop(stage);
            done
        });
        Ok(Self { address, stop, served, supervisor, _folder: folder })
    }

    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.served.join_next().await.context("it was begun")???;
        let ended = self.supervisor.shut_down().await;
        ended.map_err(|end| anyhow::anyhow!("{} has ended: {:?}", end.task, end.ending))
    }
}

fn stage(folder: &Path, supervisor: &Supervisor, settings: &str) -> anyhow::Result<Stage> {
    let section = Section(toml::from_str(settings)?);
    let config = Config {
        data: folder.to_owned(),
        settings: BTreeMap::from([("identity".to_owned(), section)]),
        ..Config::default()
    };
    let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) =
        (Arc::new(SystemClock::start()), Arc::new(SystemRng));
    let store = DiskStore::open(&Options::in_folder(folder.join("log")), &Doors::default())?;
    let home = Home {
        ground: Ground { store: Arc::new(store), clock, rng },
        views: Arc::new(MemoryViews::default()),
        timers: Arc::new(MemoryTimers::default()),
    };
    let app = identity::app();
    let homes = app.services().iter().map(|hosted| (hosted, home.clone())).collect();
    Ok(Stage::raise_among(&app, homes, None, &Between::of(config), supervisor)?)
}

/// Has a client ask, on a thread and a runtime of its own, for as long as it takes.
pub(crate) fn asked<T: Send + 'static, F: Future<Output = anyhow::Result<T>>>(
    runtime: &Runtime,
    settings: &str,
    client: impl FnOnce(SocketAddr) -> F + Send + 'static,
) -> anyhow::Result<T> {
    let house = runtime.block_on(House::open(settings))?;
    let address = house.address;
    let asking = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(client(address))
    });
    let done = asking.join().ok().context("the client panicked")??;
    runtime.block_on(house.close())?;
    Ok(done)
}
