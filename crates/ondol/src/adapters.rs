//! The one place of an app that names engines: logs and views, opened as the configuration says.

mod look;
mod sharing;

use std::path::PathBuf;
use std::sync::Arc;

use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_lease::Fence;
use ondol_runtime::{Ground, Home};
use ondol_store::{BoxError, EventStore, Limits, MemoryStore};
use ondol_store_disk::{DiskStore, Doors, Options, RealDisk};
use ondol_store_postgres::{PostgresOptions, PostgresStore};
use ondol_timers::{MemoryTimers, TimerStore};
use ondol_timers_postgres::PostgresTimers;
use ondol_timers_sqlite::SqliteTimers;
use ondol_views::{MemoryViews, ViewStore};
use ondol_views_postgres::PostgresViews;
use ondol_views_sqlite::SqliteViews;

use crate::{Config, LogEngine, ViewsEngine};

/// Why a service's log or views could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the {what} of {service:?} cannot be opened")]
pub(crate) struct OpenError {
    /// The page in docs/errors.
    pub(crate) code: &'static str,
    /// The log or the views.
    pub(crate) what: &'static str,
    /// Whose.
    pub(crate) service: String,
    /// What the engine says.
    #[source]
    pub(crate) source: BoxError,
}

/// Opens homes for services.
#[derive(Debug, Clone)]
pub(crate) struct Adapters {
    config: Config,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Adapters {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, clock: Arc::new(SystemClock::start()), rng: Arc::new(SystemRng) }
    }

    /// Opens the views of a service, and not its log.
    pub(crate) async fn views_of(&self, service: &str) -> Result<Arc<dyn ViewStore>, OpenError> {
        let opened = self.views(service, self.config.data.join(service), None).await;
        let service = service.to_owned();
        opened.map_err(|(code, source)| OpenError { code, what: "views", service, source })
    }

    /// Opens the home of a service: a folder or a schema of its own, made if it is not there.
    pub(crate) async fn home(&self, service: &str) -> Result<Home, OpenError> {
        self.home_within(service, None).await
    }

    /// The same, writing what follows from the log only within a fence, if there is one.
    async fn home_within(
        &self,
        service: &str,
        fence: Option<Arc<dyn Fence>>,
    ) -> Result<Home, OpenError> {
        let failed = |what, code| {
            move |source| OpenError { code, what, service: service.to_owned(), source }
        };
        let folder = self.config.data.join(service);
        let opened = self.log(service, folder.join("log")).await;
        let store = opened.map_err(|(code, source)| failed("log", code)(source))?;
        let opened = self.views(service, folder.clone(), fence.clone()).await;
        let views = opened.map_err(|(code, source)| failed("views", code)(source))?;
        let opened = self.timers(service, folder, fence).await;
        let timers = opened.map_err(|(code, source)| failed("timers", code)(source))?;
        let ground = Ground { store, clock: Arc::clone(&self.clock), rng: Arc::clone(&self.rng) };
        Ok(Home { ground, views, timers })
    }

    async fn log(
        &self,
        service: &str,
        folder: PathBuf,
    ) -> Result<Arc<dyn EventStore>, (&'static str, BoxError)> {
        match self.config.log.engine {
            LogEngine::Memory => {
                let epoch = self.rng.as_ref().id(self.clock.now());
                Ok(Arc::new(MemoryStore::new(epoch, Limits::default())))
            }
            LogEngine::Disk => {
                let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
                let open = move || -> Result<Arc<dyn EventStore>, (&'static str, BoxError)> {
                    make_folder(&folder)?;
                    let doors = Doors { disk: Arc::new(RealDisk), clock, rng };
                    let opened = DiskStore::open(&Options::in_folder(folder), &doors);
                    Ok(Arc::new(opened.map_err(|error| (error.code(), error.into()))?))
                };
                beside(open).await
            }
            LogEngine::Postgres => {
                let url = self.config.postgres.url.expose().to_owned();
                let schema = self.config.postgres.schema_of(service);
                let options = PostgresOptions { url, schema, ..PostgresOptions::default() };
                let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
                let opened = PostgresStore::open(options, clock, rng).await;
                Ok(Arc::new(opened.map_err(|error| (error.code(), error.into()))?))
            }
        }
    }

    async fn views(
        &self,
        service: &str,
        folder: PathBuf,
        fence: Option<Arc<dyn Fence>>,
    ) -> Result<Arc<dyn ViewStore>, (&'static str, BoxError)> {
        match self.config.views.engine {
            ViewsEngine::Memory => Ok(Arc::new(MemoryViews::default())),
            ViewsEngine::Postgres => {
                let url = self.config.postgres.url.expose().to_owned();
                let schema = format!("{}_views", self.config.postgres.schema_of(service));
                let options = ondol_views_postgres::Options {
                    schema,
                    ..ondol_views_postgres::Options::at(url)
                };
                let opened = PostgresViews::open(options, Arc::clone(&self.clock)).await;
                let views = opened.map_err(|error| (error.code(), error.into()))?;
                Ok(Arc::new(match fence {
                    Some(fence) => views.fenced(fence),
                    None => views,
                }))
            }
            ViewsEngine::Sqlite => {
                let open = move || -> Result<Arc<dyn ViewStore>, (&'static str, BoxError)> {
                    make_folder(&folder)?;
                    let options = ondol_views_sqlite::Options::at(folder.join("views.db"));
                    let opened = SqliteViews::open(options);
                    Ok(Arc::new(opened.map_err(|error| (error.code(), error.into()))?))
                };
                beside(open).await
            }
        }
    }
}

impl Adapters {
    /// Timers sleep where the views are kept: both follow from the log.
    async fn timers(
        &self,
        service: &str,
        folder: PathBuf,
        fence: Option<Arc<dyn Fence>>,
    ) -> Result<Arc<dyn TimerStore>, (&'static str, BoxError)> {
        match self.config.views.engine {
            ViewsEngine::Memory => Ok(Arc::new(MemoryTimers::default())),
            ViewsEngine::Postgres => {
                let url = self.config.postgres.url.expose().to_owned();
                let schema = format!("{}_timers", self.config.postgres.schema_of(service));
                let options = ondol_timers_postgres::Options {
                    schema,
                    ..ondol_timers_postgres::Options::at(url)
                };
                let opened = PostgresTimers::open(options, Arc::clone(&self.clock)).await;
                let timers = opened.map_err(|error| (error.code(), error.into()))?;
                Ok(Arc::new(match fence {
                    Some(fence) => timers.fenced(fence),
                    None => timers,
                }))
            }
            ViewsEngine::Sqlite => {
                let open = move || -> Result<Arc<dyn TimerStore>, (&'static str, BoxError)> {
                    make_folder(&folder)?;
                    let options = ondol_timers_sqlite::Options::at(folder.join("timers.db"));
                    let opened = SqliteTimers::open(&options);
                    Ok(Arc::new(opened.map_err(|error| (error.code(), error.into()))?))
                };
                beside(open).await
            }
        }
    }
}

/// The folder of a service cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[error("the folder of the service cannot be used")]
struct NoFolder(#[source] BoxError);

impl NoFolder {
    const fn code(&self) -> &'static str {
        "app-data-folder"
    }

    fn told(source: impl Into<BoxError>) -> (&'static str, BoxError) {
        let error = Self(source.into());
        (error.code(), error.into())
    }
}

fn make_folder(folder: &std::path::Path) -> Result<(), (&'static str, BoxError)> {
    std::fs::create_dir_all(folder).map_err(NoFolder::told)
}

/// Opens what reads the disk, where blocking is allowed.
async fn beside<T: Send + 'static>(
    open: impl FnOnce() -> Result<T, (&'static str, BoxError)> + Send + 'static,
) -> Result<T, (&'static str, BoxError)> {
    match tokio::task::spawn_blocking(open).await {
        Ok(opened) => opened,
        Err(error) => Err(NoFolder::told(error)),
    }
}
