//! The services behind the gateway, and their instances.
//!
//! What is learnt about an instance (its connections, how many requests it has under way) belongs to
//! the backend and not to a route, and lives on when the configuration changes around it.

mod endpoint;
mod guards;
mod origin;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use ondol_auth::{Proofs, Revocations};
use ondol_doors::Clock;
use ondol_resilience::{Doors, Problems};

use crate::alert::Alarms;
use crate::config::BackendOptions;
use crate::discovery::{Directory, INSTANCES_MAX, Instance, Leases};
use crate::inside::Services;
use crate::steer::Steering;
use crate::who::Messenger;

pub(crate) use endpoint::Endpoint;
use endpoint::Place;
pub(crate) use guards::Guards;
pub(crate) use origin::At;

/// A service behind the gateway.
pub(crate) struct Backend {
    pub(crate) name: Arc<str>,
    pub(crate) options: BackendOptions,
    pub(crate) guards: Guards,
    set: ArcSwap<Endpoints>,
    /// Of its certificates as they were read.
    print: u64,
}

/// The instances of a backend at one time.
#[derive(Default)]
pub(crate) struct Endpoints {
    pub(crate) list: Vec<Arc<Endpoint>>,
    /// Taken out by hand: they get nothing new.
    pub(crate) drained: Vec<Arc<Endpoint>>,
    /// No longer among them, but perhaps chosen a moment ago.
    leaving: Vec<Arc<Endpoint>>,
}

impl Endpoints {
    fn named(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.list
            .iter()
            .chain(&self.drained)
            .chain(&self.leaving)
            .find(|endpoint| *endpoint.name == *name)
    }
}

/// Why a backend cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// Its address is wrong.
    #[error("`{0}` is not the address of an instance")]
    Address(String),
    /// This process has no such service.
    #[error("there is no service `{name}` in this process{}", meant_hint(.meant.as_deref()))]
    Service {
        /// The name.
        name: String,
        /// The name that was probably meant.
        meant: Option<String>,
    },
    /// Its name cannot be resolved now.
    #[error("`{host}` cannot be resolved")]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its policies cannot be made.
    #[error("its policies cannot be made")]
    Policies(#[source] Problems),
    /// Its certificates cannot be read.
    #[error("its certificates cannot be used")]
    Tls(#[source] crate::tls::TlsError),
}

fn meant_hint(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// What instances of backends are made with.
pub(crate) struct Workshop {
    pub(crate) workers: usize,
    pub(crate) directory: Directory,
    pub(crate) leases: Leases,
    pub(crate) steering: Steering,
    /// Held by whoever changes what is running.
    pub(crate) changing: Mutex<()>,
    pub(crate) services: Services,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) doors: Doors,
    /// Who hears of what is written down.
    pub(crate) alarms: Arc<Alarms>,
    /// Carries the gateway's own questions.
    pub(crate) messenger: Messenger,
    /// Judges proofs of tokens that are bound to a key.
    pub(crate) proofs: Proofs,
    /// What issuers took back, by their names: it outlives configurations.
    pub(crate) revocations: Mutex<BTreeMap<String, Revocations>>,
}

impl Workshop {
    /// What an issuer has taken back.
    pub(crate) fn revocations(&self, issuer: &str) -> Revocations {
        let all = self.revocations.lock();
        let mut all = all.expect("nobody panics while holding what was taken back");
        all.entry(issuer.to_owned()).or_default().clone()
    }
}

impl Backend {
    /// A backend with its instances; those of `before` that are still wanted live on.
    pub(crate) fn new(
        name: &str,
        options: &BackendOptions,
        before: Option<&Arc<Self>>,
        workshop: &Workshop,
    ) -> Result<Arc<Self>, BackendError> {
        let print = crate::tls::fingerprint(options);
        if let Some(before) = before
            && before.options == *options
            && before.print == print
        {
            return Ok(Arc::clone(before));
        }
        let known = before.filter(|it| it.print == print && it.options.reaches_as(options));
        let Gathered { list, drained, peers } =
            gather(name, options, known.map(|known| &**known), workshop)?;
        let guards = before.map(|before| &before.guards);
        // Who is drained comes back, and then there is something to choose.
        let several = list.len() + drained.len() > 1;
        let guards = Guards::new(name, options, &peers, several, guards, &workshop.doors)
            .map_err(BackendError::Policies)?;
        if let Some(before) = before {
            // Those who still hold the old one may be sent to the new instances.
            let old = before.set.load();
            let set = Endpoints {
                list: old.list.clone(),
                drained: old.drained.clone(),
                leaving: list.clone(),
            };
            before.set.store(Arc::new(set));
        }
        let set = ArcSwap::from_pointee(Endpoints { list, drained, leaving: Vec::new() });
        Ok(Arc::new(Self { name: name.into(), options: options.clone(), guards, set, print }))
    }

    /// Looks again which instances there are.
    pub(crate) fn refresh(&self, workshop: &Workshop) -> Result<(), BackendError> {
        let Gathered { list, drained, peers } =
            gather(&self.name, &self.options, Some(self), workshop)?;
        let old = self.set.load_full();
        let gone = |it: &&Arc<Endpoint>| list.iter().all(|other| other.name != it.name);
        let leaving = old.list.iter().filter(gone).cloned().collect();
        // Nobody is chosen who is not in the set.
        self.set.store(Arc::new(Endpoints { list, drained, leaving }));
        self.guards.rebalance(&self.options, &peers).map_err(BackendError::Policies)
    }

    /// Its instances now.
    pub(crate) fn endpoints(&self) -> arc_swap::Guard<Arc<Endpoints>> {
        self.set.load()
    }

    /// The instance with this name.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.set.load().named(name).cloned()
    }

    /// The only instance, or the first.
    pub(crate) fn first(&self) -> Option<Arc<Endpoint>> {
        self.set.load().list.first().cloned()
    }
}

/// The instances that are chosen among, those that are not, and the first as the balancer knows them.
#[derive(Default)]
struct Gathered {
    list: Vec<Arc<Endpoint>>,
    drained: Vec<Arc<Endpoint>>,
    peers: Vec<ondol_resilience::Endpoint>,
}

/// The instances that are written and those that were found, each once.
fn gather(
    name: &str,
    options: &BackendOptions,
    before: Option<&Backend>,
    workshop: &Workshop,
) -> Result<Gathered, BackendError> {
    let written = options.endpoints.iter().cloned().map(Instance::from);
    let found = match options.discover {
        Some(_) => workshop.directory.instances(name),
        None => Vec::new(),
    };
    let mut gathered = Gathered::default();
    let mut seen = HashSet::new();
    for instance in written.chain(found) {
        for place in Place::all(&instance, workshop)? {
            if !seen.insert(place.name.clone()) || seen.len() > INSTANCES_MAX {
                continue;
            }
            let known = before.and_then(|before| before.named(&place.name));
            let peer = ondol_resilience::Endpoint {
                name: place.name.clone(),
                weight: instance.weight,
                zone: instance.zone.clone(),
            };
            let endpoint = match known {
                Some(known) => known,
                None => Arc::new(Endpoint::new(place, options, workshop)?),
            };
            if workshop.steering.is_drained(name, &endpoint.name) {
                gathered.drained.push(endpoint);
            } else {
                gathered.list.push(endpoint);
                gathered.peers.push(peer);
            }
        }
    }
    Ok(gathered)
}
