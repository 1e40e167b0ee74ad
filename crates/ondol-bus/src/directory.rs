//! Where services find each other: in this process or far away, by name.

mod late;
mod switchboard;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use ondol_domain::Target;

use crate::{CallFailure, Calls, Feed};

use late::LateFeed;
pub use switchboard::Switchboard;

/// Which feed and which calls belong to which service. A service may come later than those who
/// name it: until then nobody answers there.
#[derive(Debug, Default)]
pub struct Directory {
    services: RwLock<BTreeMap<String, Entry>>,
}

#[derive(Debug, Default, Clone)]
struct Entry {
    feed: Option<Arc<dyn Feed>>,
    calls: Option<Arc<dyn Calls>>,
}

impl Directory {
    /// A directory without services yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// From now on a service's feed is read here.
    pub fn publish(&self, service: &str, feed: Arc<dyn Feed>) {
        self.change(service, |entry| entry.feed = Some(feed));
    }

    /// From now on a service is asked here.
    pub fn answer(&self, service: &str, calls: Arc<dyn Calls>) {
        self.change(service, |entry| entry.calls = Some(calls));
    }

    /// The feed of a service, as it is known whenever it is read.
    pub fn feed(self: &Arc<Self>, service: &str) -> Arc<dyn Feed> {
        Arc::new(LateFeed::new(service, Arc::clone(self)))
    }

    /// The feed of a service, as it is known now.
    pub fn feed_now(&self, service: &str) -> Option<Arc<dyn Feed>> {
        self.entry(service)?.feed
    }

    /// Who answers for a service.
    ///
    /// # Errors
    /// When nobody does, or a thing of one's own is meant.
    pub fn callee(&self, target: &Target) -> Result<Arc<dyn Calls>, CallFailure> {
        let (Target::Service(name) | Target::Aggregate(name)) = target;
        let unknown = || CallFailure::NoSuchService { service: name.clone() };
        match target {
            Target::Service(service) => {
                self.entry(service).and_then(|entry| entry.calls).ok_or_else(unknown)
            }
            Target::Aggregate(_) => Err(unknown()),
        }
    }

    fn entry(&self, service: &str) -> Option<Entry> {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        services.get(service).cloned()
    }

    fn change(&self, service: &str, change: impl FnOnce(&mut Entry)) {
        let mut services = self.services.write().unwrap_or_else(PoisonError::into_inner);
        change(services.entry(service.to_owned()).or_default());
    }
}
