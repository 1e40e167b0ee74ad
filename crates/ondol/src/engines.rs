//! The engines of the house, by the address of a log: the only place here that names them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use ondol_doors::{Clock, SystemClock, SystemRng};
use ondol_kernel::Position;
use ondol_store::{BoxError, Replica};
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_store_postgres::{PostgresOptions, PostgresStore};

use crate::{LogAddress, LogFailure, Logs, OpenFailure, Purpose, Verified};

/// Logs in folders and in PostgreSQL.
#[derive(Debug)]
pub struct Engines {
    clock: Arc<dyn Clock>,
}

/// Nothing is where a log was to be looked at.
#[derive(Debug, thiserror::Error)]
#[error("there is no log")]
struct NotFound;

impl NotFound {
    fn code(&self) -> &'static str {
        "log-not-found"
    }
}

impl Engines {
    /// The engines, with the machine's clock and randomness.
    pub fn of_machine() -> Self {
        Self { clock: Arc::new(SystemClock::start()) }
    }

    async fn open_postgres(
        &self,
        options: PostgresOptions,
        purpose: Purpose,
    ) -> Result<Arc<dyn Replica>, OpenFailure> {
        if purpose == Purpose::Reading {
            let exists = PostgresStore::exists(&options, &self.clock).await;
            if !exists.map_err(|error| failure(error.code(), error))? {
                return Err(failure(NotFound.code(), NotFound));
            }
        }
        let opened =
            PostgresStore::open(options, Arc::clone(&self.clock), Arc::new(SystemRng)).await;
        Ok(Arc::new(opened.map_err(|error| failure(error.code(), error))?))
    }
}

fn failure(code: &'static str, source: impl Into<BoxError>) -> OpenFailure {
    OpenFailure { code, source: source.into() }
}

/// Whether a folder has anything in it.
fn is_there(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Opens a log in a folder, where blocking is allowed.
async fn open_disk(folder: PathBuf, purpose: Purpose) -> Result<Arc<dyn Replica>, OpenFailure> {
    let open = move || -> Result<Arc<dyn Replica>, OpenFailure> {
        if purpose == Purpose::Reading && !is_there(&folder) {
            return Err(failure(NotFound.code(), NotFound));
        }
        let opened = DiskStore::open(&Options::in_folder(folder), &Doors::default());
        Ok(Arc::new(opened.map_err(|error| failure(error.code(), error))?))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    opened.expect("nobody stops the opening of a log, and it does not panic")
}

#[async_trait]
impl Logs for Engines {
    async fn open(
        &self,
        address: &LogAddress,
        purpose: Purpose,
    ) -> Result<Arc<dyn Replica>, OpenFailure> {
        match address {
            LogAddress::Disk(folder) => open_disk(folder.clone(), purpose).await,
            LogAddress::Postgres { url, schema } => {
                let (url, schema) = (url.clone(), schema.clone());
                let options = PostgresOptions { url, schema, ..PostgresOptions::default() };
                self.open_postgres(options, purpose).await
            }
        }
    }

    async fn verify(&self, address: &LogAddress) -> Result<Verified, LogFailure> {
        let opened = self.open(address, Purpose::Reading).await;
        let opened =
            opened.map_err(|source| LogFailure::Open { address: address.clone(), source })?;
        Verified::by_reading(&*opened).await
    }

    async fn repair(&self, address: &LogAddress, _cut_at: u64) -> Result<Position, LogFailure> {
        match address {
            LogAddress::Disk(_) => Err(LogFailure::NotMended { engine: "a folder" }),
            LogAddress::Postgres { .. } => Err(LogFailure::NotMended { engine: "PostgreSQL" }),
        }
    }
}
