//! The engines of the house, by the address of a log: the only place here that names them.

mod disk;

use std::sync::Arc;

use async_trait::async_trait;
use ondol_doors::{Clock, SystemClock, SystemRng};
use ondol_kernel::Position;
use ondol_store::{BoxError, Replica};
use ondol_store_postgres::{PostgresOptions, PostgresStore};

use crate::{LogAddress, LogFailure, Logs, Mended, OpenFailure, Purpose, Verified};

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

#[async_trait]
impl Logs for Engines {
    async fn open(
        &self,
        address: &LogAddress,
        purpose: Purpose,
    ) -> Result<Arc<dyn Replica>, OpenFailure> {
        match address {
            LogAddress::Disk(folder) => disk::open(folder.clone(), purpose).await,
            LogAddress::Postgres { url, schema } => {
                let (url, schema) = (url.clone(), schema.clone());
                let options = PostgresOptions { url, schema, ..PostgresOptions::default() };
                self.open_postgres(options, purpose).await
            }
        }
    }

    async fn verify(&self, address: &LogAddress) -> Result<Verified, LogFailure> {
        let failed = |source| LogFailure::Open { address: address.clone(), source };
        if let LogAddress::Disk(folder) = address {
            return disk::verify(folder.clone()).await.map_err(failed);
        }
        let opened = self.open(address, Purpose::Reading).await.map_err(failed)?;
        Verified::by_reading(&*opened).await
    }

    async fn repair(&self, address: &LogAddress, cut_at: Position) -> Result<Mended, LogFailure> {
        let LogAddress::Disk(folder) = address else {
            return Err(LogFailure::NotMended { engine: "PostgreSQL" });
        };
        let mended = disk::repair(folder.clone(), cut_at).await;
        mended.map_err(|source| LogFailure::Repair { address: address.clone(), source })
    }
}
