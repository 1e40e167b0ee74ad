//! The engines that are measured, each opened on nothing.

use std::path::Path;
use std::sync::Arc;

use ondol_doors::{SystemClock, SystemRng};
use ondol_store::{EventStore, MemoryStore};
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_store_postgres::{PostgresOptions, PostgresStore};
use ondol_testkit::servers;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// In how many transactions at a time single rows are written.
const SINGLE_ROW_CONNECTIONS: usize = 16;

/// An engine of the event store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Memory,
    Disk,
    Postgres,
    /// PostgreSQL with a transaction for each append.
    PostgresSingleRows,
}

/// An open log, and the folder that goes with it.
#[derive(Debug)]
pub(crate) struct Opened {
    /// One for each process that would write, or one.
    pub(crate) stores: Vec<Arc<dyn EventStore>>,
    pub(crate) folder: Option<TempDir>,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Postgres => "postgres",
            Self::PostgresSingleRows => "postgres single rows",
        }
    }

    pub(crate) fn sync(self) -> &'static str {
        match self {
            Self::Memory => "none: it forgets",
            Self::Disk => "fdatasync before the answer",
            Self::Postgres | Self::PostgresSingleRows => "fsync and synchronous_commit on",
        }
    }

    /// A log with nothing in it.
    pub(crate) fn open(self, runtime: &Runtime) -> anyhow::Result<Opened> {
        let mut opened = Opened { stores: Vec::new(), folder: None };
        match self {
            Self::Memory => opened.stores.push(Arc::new(MemoryStore::default())),
            Self::Disk => {
                let folder = tempfile::tempdir_in(".")?;
                opened.stores.push(disk(folder.path())?);
                opened.folder = Some(folder);
            }
            Self::Postgres => opened.stores.push(runtime.block_on(postgres(&database()))?),
            Self::PostgresSingleRows => {
                let options = PostgresOptions { group_appends_max: 1, ..database() };
                for _ in 0..SINGLE_ROW_CONNECTIONS {
                    opened.stores.push(runtime.block_on(postgres(&options))?);
                }
            }
        }
        Ok(opened)
    }
}

impl Opened {
    /// The log, for whoever needs only one.
    pub(crate) fn one(&self) -> anyhow::Result<&Arc<dyn EventStore>> {
        self.stores.first().ok_or_else(|| anyhow::anyhow!("no log was opened"))
    }
}

/// The log in a folder.
pub(crate) fn disk(folder: &Path) -> anyhow::Result<Arc<dyn EventStore>> {
    Ok(Arc::new(DiskStore::open(&Options::in_folder(folder), &Doors::default())?))
}

/// A database of its own on a server with its usual settings, syncing on.
fn database() -> PostgresOptions {
    PostgresOptions { url: servers::postgres().fresh_database(), ..PostgresOptions::default() }
}

async fn postgres(options: &PostgresOptions) -> anyhow::Result<Arc<dyn EventStore>> {
    let clock = Arc::new(SystemClock::start());
    Ok(Arc::new(PostgresStore::open(options.clone(), clock, Arc::new(SystemRng)).await?))
}
