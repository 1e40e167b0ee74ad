//! A hand on a running gateway: changes it, and says how it is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ondol_auth::Revocations;
use ondol_doors::Clock;
use tokio::sync::watch;

use super::control::Desk;
use crate::backend::{Backend, Workshop};
use crate::config::Config;
use crate::discovery::{Instance, Leases};
use crate::gateway::Core;
use crate::listen::Door;
use crate::mirror::Mirror;
use crate::policy::Link;
use crate::purge::{PurgeError, Purged};
use crate::snapshot::{BuildError, Snapshot, Steered};
use crate::steer::{Canary, Steering};

/// A hand on a gateway: cheap to clone.
#[derive(Clone)]
pub struct GatewayHandle {
    pub(super) core: Arc<Core>,
    pub(super) workshop: Arc<Workshop>,
    pub(super) addresses: Arc<[SocketAddr]>,
    pub(super) doors: Arc<[Door]>,
    pub(super) admin: Option<SocketAddr>,
    pub(super) desk: Arc<Desk>,
}

impl GatewayHandle {
    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Takes a new configuration over. Requests under way keep the old one to their end. Where to
    /// listen, the workers and the limits of connections stay as they were at the start.
    ///
    /// # Errors
    /// The configuration cannot be made ready; the old one stays.
    pub fn reload(&self, config: impl Into<Arc<Config>>) -> Result<(), BuildError> {
        let taken = self.take_over(config.into());
        let meters = &self.core.meters;
        let counter = if taken.is_ok() { &meters.reloads } else { &meters.reloads_refused };
        counter.fetch_add(1, Ordering::Relaxed);
        taken
    }

    /// All of it or nothing: what can fail comes first.
    fn take_over(&self, config: Arc<Config>) -> Result<(), BuildError> {
        let changing = self.workshop.changing.lock();
        let _changing = changing.expect("nobody panics while changing what runs");
        let certificates = self.certificates(&config)?;
        let before = self.core.snapshot.load_full();
        let meters = &self.core.meters;
        let snapshot = Snapshot::build(config, Some(&before), &self.workshop, meters)?;
        meters.keep_routes(|name| snapshot.config.routes.contains_key(name));
        self.workshop.directory.keep_backends(|name| snapshot.backends.contains_key(name));
        let has_backend = |name: &str| snapshot.backends.contains_key(name);
        self.workshop.steering.settle(&snapshot.in_use(), has_backend);
        for (door, config) in certificates {
            door.store(config);
        }
        snapshot.settle_answers(&self.workshop);
        self.core.refusals.turn(snapshot.config.control.is_some());
        self.core.snapshot.store(Arc::new(snapshot));
        self.core.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// The certificates of all doors, read again.
    pub(super) fn certificates(&self, config: &Config) -> Result<Vec<Renewed<'_>>, BuildError> {
        let mut certificates = Vec::new();
        for door in self.doors.iter() {
            let Some((name, tls)) = door.name.as_ref().zip(door.tls.as_ref()) else { continue };
            let options = config.listeners.get(&**name).and_then(|options| options.tls.as_ref());
            if let Some(options) = options {
                let failed = |source| BuildError::Tls { name: name.to_string(), source };
                certificates.push((&**tls, crate::tls::server(options).map_err(failed)?));
            }
        }
        Ok(certificates)
    }

    /// What has been counted, as Prometheus reads it.
    pub fn metrics(&self) -> String {
        self.core.write_metrics()
    }

    /// What an issuer takes back, for whoever hears of it: it is believed from then on.
    pub fn revocations(&self, issuer: &str) -> Revocations {
        self.workshop.revocations(issuer)
    }

    /// Lets go of stored answers, of one route or of all. How many.
    ///
    /// # Errors
    /// What is to go cannot be understood.
    pub fn purge(&self, route: Option<&str>, what: &Purged) -> Result<u64, PurgeError> {
        Ok(self.core.purge(route, &what.read()?))
    }

    /// Where metrics and health are served.
    pub const fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }
}

pub(super) type Renewed<'a> =
    (&'a arc_swap::ArcSwap<rustls::ServerConfig>, Arc<rustls::ServerConfig>);

/// For those who look after it.
impl GatewayHandle {
    pub(crate) fn core(&self) -> Arc<Core> {
        Arc::clone(&self.core)
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.core.clock
    }

    /// A number by chance.
    pub(crate) fn draw(&self) -> u64 {
        self.core.rng.number()
    }

    pub(crate) fn workers(&self) -> usize {
        self.workshop.workers
    }

    pub(crate) fn steering(&self) -> &Steering {
        &self.workshop.steering
    }

    /// The canary of a route, if it has one.
    pub(crate) fn canary(&self, route: &str) -> Option<Arc<Canary>> {
        match self.core.snapshot.load().route(route)?.steered()? {
            Steered::Canary(canary) => Some(Arc::clone(canary)),
            Steered::Switch(_) => None,
        }
    }

    /// The mirror of a route, if it has one.
    pub(crate) fn mirror(&self, route: &str) -> Option<Arc<Mirror>> {
        let snapshot = self.core.snapshot.load();
        Some(Arc::clone(&snapshot.route(route)?.mirror.as_ref()?.mirror))
    }

    pub(crate) fn leases(&self) -> &Leases {
        &self.workshop.leases
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.core.snapshot.load().config)
    }

    pub(crate) fn backend(&self, name: &str) -> Option<Arc<Backend>> {
        self.core.snapshot.load().backends.get(name).cloned()
    }

    /// The way to a Redis.
    pub(crate) fn link(&self, name: &str) -> Option<Arc<Link>> {
        self.core.snapshot.load().links.get(name).cloned()
    }

    /// Wakes when there is another configuration.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.core.changes.subscribe()
    }

    /// A backend's instances as they were found last.
    pub(crate) fn instances(&self, backend: &str) -> Vec<Instance> {
        self.workshop.directory.instances(backend)
    }

    /// A source could not be asked.
    pub(crate) fn source_failed(&self) {
        self.core.meters.sources_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// These are a backend's instances now.
    pub(crate) fn learn(&self, backend: &str, instances: Vec<Instance>) {
        let changing = self.workshop.changing.lock();
        let _changing = changing.expect("nobody panics while changing what runs");
        let number = instances.len();
        if !self.workshop.directory.learn(backend, instances) {
            return;
        }
        tracing::info!(backend, instances = number, "other instances");
        if let Some(running) = self.backend(backend)
            && let Err(error) = running.refresh(&self.workshop)
        {
            tracing::error!(backend, %error, "what was found cannot be used");
        }
    }

    /// What all certificates hold now, as a number.
    pub(crate) fn fingerprint(&self) -> u64 {
        let config = self.config();
        let listeners = config.listeners.values().filter_map(|listener| listener.tls.as_ref());
        let listeners = listeners.map(crate::tls::fingerprint_of_server);
        let backends = config.backends.values().map(crate::tls::fingerprint);
        let known = std::iter::once(crate::tls::fingerprint_of(crate::who::files(&config)));
        let descriptions = config.routes.values().filter_map(|route| route.validate.as_ref());
        let descriptions = descriptions.map(|options| {
            let mut hasher = DefaultHasher::new();
            crate::policy::stamp(&options.openapi).hash(&mut hasher);
            hasher.finish()
        });
        let all = listeners.chain(backends).chain(known).chain(descriptions);
        all.fold(0, |all, one| all.rotate_left(7) ^ one)
    }

    /// Certificates have changed: the same configuration once more, with them.
    pub(crate) fn renew_certificates(&self) {
        match self.reload(self.config()) {
            Ok(()) => tracing::info!("certificates and keys renewed"),
            Err(error) => tracing::error!(%error, "certificates or keys cannot be renewed"),
        }
    }
}
