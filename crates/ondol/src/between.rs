//! How the services of a process find each other and those of other processes, and what they share
//! with other processes of the same services.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use ondol_bus::Directory;
use ondol_bus_http::{Guarded, RemoteOptions, RemoteService, ServeOptions, router};
use ondol_domain::Target;
use ondol_doors::Clock;
use ondol_lease::Duty;
use ondol_runtime::Running;
use tokio::sync::watch;

use crate::{Config, Settings};

/// How the services of a process find others, and share their work.
#[derive(Debug, Clone, Default)]
pub struct Between {
    config: Config,
    duties: BTreeMap<String, Duty>,
}

impl Between {
    /// As the configuration says. By default there is nobody but the process's own services.
    pub const fn of(config: Config) -> Self {
        Self { config, duties: BTreeMap::new() }
    }

    /// The same, doing what only one process may do where these duties are, by the services' names.
    #[must_use]
    pub fn sharing(mut self, duties: BTreeMap<String, Duty>) -> Self {
        self.duties = duties;
        self
    }

    /// Whether this process does what only one may do for a service.
    pub(crate) fn duty_of(&self, service: &str) -> Duty {
        self.duties.get(service).cloned().unwrap_or_default()
    }

    /// What a service is told of its surroundings.
    pub(crate) fn settings_of(&self, service: &str) -> Settings {
        self.config.settings_of(service)
    }

    /// What a service knows of those that run in other processes. It asks them in its own name.
    pub(crate) fn directory(&self, of: &str, clock: &Arc<dyn Clock>) -> Arc<Directory> {
        let directory = Directory::new();
        let Some(secret) = self.config.bus.usable() else { return directory };
        for (name, service) in &self.config.services {
            let Some(url) = &service.url else { continue };
            let (asking, options) = ((of, secret.clone()), RemoteOptions::default());
            let remote = RemoteService::new(name, url, asking, Arc::clone(clock), options);
            directory.publish(name, Arc::new(remote.clone()));
            directory.answer(name, Arc::new(remote));
        }
        directory
    }

    /// Lets services of one process find each other.
    pub(crate) fn introduce(services: &[Running]) {
        for one in services {
            let name = &one.description().service;
            for other in services {
                let knows = one.neighbours();
                let theirs = &other.description().service;
                if name == theirs {
                    continue;
                }
                if let Some(feed) = other.neighbours().feed_now(theirs) {
                    knows.publish(theirs, feed);
                }
                if let Ok(calls) = other.neighbours().callee(&Target::Service(theirs.clone())) {
                    knows.answer(theirs, calls);
                }
            }
        }
    }

    /// What other processes are answered; nothing, if there is no secret to know them by.
    pub(crate) fn router(
        &self,
        services: &[Running],
        clock: Arc<dyn Clock>,
        stop: watch::Receiver<bool>,
    ) -> Router {
        let Some(secret) = self.config.bus.usable() else { return Router::new() };
        let guarded = services.iter().filter_map(|running| self.guarded(running));
        let guarded: BTreeMap<_, _> = guarded.collect();
        router(guarded, secret, clock, ServeOptions::default(), stop)
    }

    fn guarded(&self, running: &Running) -> Option<(String, Guarded)> {
        let name = running.description().service.clone();
        let set = self.config.services.get(&name).cloned().unwrap_or_default();
        let feed = running.neighbours().feed_now(&name)?;
        let calls = running.neighbours().callee(&Target::Service(name.clone())).ok()?;
        let (readers, callers) = (set.readers(), set.callers());
        Some((name, Guarded { feed, calls, readers, callers }))
    }
}
