//! Looks after what changes by itself while the gateway runs: instances are found and asked whether
//! they are well, and certificates that were renewed are read again.
//!
//! Each of these is a task of its own, begun and ended as the configuration says.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::config::{
    BackendOptions, CanaryOptions, DiscoverOptions, HealthOptions, MirrorOptions, RedisOptions,
    RouteOptions,
};
use crate::discovery::discover;
use crate::health;
use crate::mirror;
use crate::policy::serve;
use crate::start::GatewayHandle;
use crate::steer;

/// How often certificates are looked at.
const CERTIFICATES: Duration = Duration::from_secs(2);

/// What a task does. Another one, another task.
#[derive(Debug, Clone, PartialEq)]
enum Duty {
    Discover(DiscoverOptions),
    Health(HealthOptions),
    Canary(CanaryOptions),
    Mirror(MirrorOptions),
    Share(RedisOptions),
}

/// A backend or a route, and a kind of duty.
type Place = (String, &'static str);

#[derive(Default)]
struct Wards {
    tasks: JoinSet<()>,
    duties: BTreeMap<Place, (Duty, AbortHandle)>,
}

/// Looks after a gateway until told to stop.
pub(crate) async fn tend(handle: GatewayHandle, stop: CancellationToken) -> io::Result<()> {
    let mut wards = Wards::default();
    let mut changes: watch::Receiver<u64> = handle.changes();
    let mut certificates = handle.fingerprint();
    loop {
        wards.renew(&handle);
        tokio::select! {
            changed = changes.changed() => changed.map_err(io::Error::other)?,
            Some(ended) = wards.tasks.join_next_with_id() => wards.note(&ended),
            () = handle.clock().sleep(CERTIFICATES) => {
                let now = handle.fingerprint();
                if now != certificates {
                    certificates = now;
                    handle.renew_certificates();
                }
            }
            () = stop.cancelled() => return Ok(()),
        }
    }
}

impl Wards {
    /// Begins what is missing and ends what is no longer wanted.
    fn renew(&mut self, handle: &GatewayHandle) {
        let config = handle.config();
        let backends = config.backends.iter().flat_map(|(name, options)| duties(name, options));
        let shares = config
            .redis
            .iter()
            .map(|(name, options)| ((name.clone(), "share"), Duty::Share(options.clone())));
        let mut wanted: BTreeMap<Place, Duty> = backends.chain(shares).collect();
        wanted.extend(config.routes.iter().flat_map(|(name, options)| of_route(name, options)));
        self.duties.retain(|place, (duty, task)| {
            let stays = wanted.get(place) == Some(duty);
            if !stays {
                task.abort();
                if let (Duty::Health(_), Some(backend)) = (&*duty, handle.backend(&place.0)) {
                    health::forget(&backend);
                }
            }
            stays
        });
        for (place, duty) in wanted {
            if self.duties.contains_key(&place) {
                continue;
            }
            let (handle, name) = (handle.clone(), place.0.clone());
            let task = match duty.clone() {
                Duty::Discover(options) => self.tasks.spawn(discover(handle, name, options)),
                Duty::Health(options) => self.tasks.spawn(health::watch(handle, name, options)),
                Duty::Mirror(options) => self.tasks.spawn(mirror::work(handle, name, options)),
                Duty::Canary(options) => self.tasks.spawn(steer::watch(handle, name, options)),
                Duty::Share(_) => {
                    let Some(link) = handle.link(&name) else { continue };
                    self.tasks.spawn(serve(link, Arc::clone(handle.clock())))
                }
            };
            self.duties.insert(place, (duty, task));
        }
    }

    /// A task has ended: as it was told, or in a panic, and then it begins again.
    fn note(&mut self, ended: &Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "a task that looks after backends panicked");
                }
                error.id()
            }
        };
        self.duties.retain(|_, (_, task)| task.id() != id);
    }
}

fn duties(name: &str, options: &BackendOptions) -> Vec<(Place, Duty)> {
    let discover = options.discover.clone().map(Duty::Discover);
    let health = options.health.clone().map(Duty::Health);
    let all = [("discover", discover), ("health", health)];
    all.into_iter().filter_map(|(kind, duty)| Some(((name.to_owned(), kind), duty?))).collect()
}

fn of_route(name: &str, options: &RouteOptions) -> impl Iterator<Item = (Place, Duty)> {
    let canary = options.canary.clone().map(|it| ((name.to_owned(), "canary"), Duty::Canary(it)));
    let mirror = options.mirror.clone().map(|it| ((name.to_owned(), "mirror"), Duty::Mirror(it)));
    canary.into_iter().chain(mirror)
}
