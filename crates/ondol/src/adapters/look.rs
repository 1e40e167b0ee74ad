//! Homes that are only looked at: whoever runs the service goes on undisturbed.

use std::path::Path;
use std::sync::Arc;

use ondol_runtime::{Ground, Home};
use ondol_store::{BoxError, EventStore};
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_timers::MemoryTimers;

use super::{Adapters, OpenError, beside};
use crate::LogEngine;

impl Adapters {
    /// The home of a service, to look at its log and its views; nothing if it has no log here.
    /// A log on a disk is not locked, and takes nothing.
    pub(crate) async fn look(&self, service: &str) -> Result<Option<Home>, OpenError> {
        let folder = self.config.data.join(service);
        let store = match self.config.log.engine {
            LogEngine::Disk if !has_log(&folder.join("log")) => return Ok(None),
            LogEngine::Disk => {
                let folder = folder.join("log");
                let look = move || -> Result<Arc<dyn EventStore>, (&'static str, BoxError)> {
                    let looked = DiskStore::look(&Options::in_folder(folder), &Doors::default());
                    Ok(Arc::new(looked.map_err(|error| (error.code(), error.into()))?))
                };
                beside(look).await
            }
            LogEngine::Memory | LogEngine::Postgres => self.log(service, folder.clone()).await,
        };
        let store = store.map_err(|(code, source)| OpenError {
            code,
            what: "log",
            service: service.to_owned(),
            source,
        })?;
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        let (ground, timers) = (Ground { store, clock, rng }, Arc::new(MemoryTimers::default()));
        Ok(Some(Home { ground, views: self.views_of(service).await?, timers }))
    }
}

fn has_log(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
