//! Starting a gateway, running it, and stopping it.

mod control;
mod hand;
mod steer;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use ondol_auth::{ProofOptions, Proofs, Revocations};
use ondol_doors::{Clock, Rng, SeededRng, SystemClock, SystemRng};
use ondol_resilience::Doors;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::access_log::AccessLog;
use crate::address::Network;
use crate::admin::{Admin, administer};
use crate::alert::Alarms;
use crate::backend::Workshop;
use crate::chore::{self, Chores};
use crate::config::Config;
use crate::control::Refusals;
use crate::descriptors::clients_max;
use crate::discovery::{Directory, Leases};
use crate::gateway::Core;
use crate::guard_time;
use crate::inside::Services;

use control::Desk;
pub use hand::GatewayHandle;

use crate::limits::ConnectionLimits;
use crate::listen::{Door, Shift, bind, work};
use crate::meter::Meters;
use crate::snapshot::{BuildError, Snapshot};
use crate::steer::Steering;
use crate::tend::tend;
use crate::tls::TlsError;
use crate::who::Messenger;

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be made ready.
    #[error("the configuration cannot be made ready")]
    Build(#[from] BuildError),
    /// It cannot listen.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificates of a listener cannot be used.
    #[error("the certificates of listener `{name}` cannot be used")]
    Tls {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: TlsError,
    },
    /// The access log cannot be opened.
    #[error("the access log cannot be opened")]
    AccessLog(#[source] io::Error),
    /// There is nowhere to listen.
    #[error("the configuration has no `listen` and no listener")]
    Nowhere,
}

/// What a gateway is given besides its configuration.
#[derive(Clone)]
pub struct Surroundings {
    /// The services of this process that endpoints may name.
    pub services: Services,
    /// A file in which what was found of instances is kept over a restart.
    pub state: Option<PathBuf>,
    /// What issuers take back, by the names that the configuration has for them: whoever hears of it
    /// puts it there.
    pub revocations: BTreeMap<String, Revocations>,
    /// A file in which what is steered (canaries, switches, drained instances) is kept over a restart.
    pub steered: Option<PathBuf>,
    /// The file that the configuration comes from: changes by hand are written to it, and earlier
    /// versions are kept beside it.
    pub file: Option<PathBuf>,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Its chance.
    pub rng: Arc<dyn Rng>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            services: Services::new(),
            state: None,
            revocations: BTreeMap::new(),
            steered: None,
            file: None,
            clock: Arc::new(SystemClock::start()),
            rng: Arc::new(SeededRng::new(SystemRng.number())),
        }
    }
}

/// A gateway that is ready to run.
pub struct Gateway {
    core: Arc<Core>,
    workshop: Arc<Workshop>,
    doors: Vec<(Door, std::net::TcpListener)>,
    admin: Option<std::net::TcpListener>,
    desk: Arc<Desk>,
}

impl Gateway {
    /// A gateway with its sockets open.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn new(config: impl Into<Arc<Config>>) -> Result<Self, StartError> {
        Self::with(config, Surroundings::default())
    }

    /// A gateway within these surroundings.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn with(config: impl Into<Arc<Config>>, around: Surroundings) -> Result<Self, StartError> {
        let config = config.into();
        let Surroundings { services, state, steered, file, revocations, clock, rng } = around;
        let directory = Directory::open(state);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = config.workers.unwrap_or(cores).max(1);
        let doors = Doors { time: guard_time::of(&clock), ..Doors::default() };
        let chores = Arc::new(Chores::default());
        let workshop = Workshop {
            workers,
            directory,
            leases: Leases::default(),
            steering: Steering::open(steered),
            changing: Mutex::new(()),
            services,
            clock: Arc::clone(&clock),
            doors,
            alarms: Arc::new(Alarms::new(
                Arc::clone(&clock),
                Arc::clone(&rng),
                Arc::clone(&chores),
            )),
            messenger: Messenger::default(),
            proofs: Proofs::new(ProofOptions::default(), Arc::clone(&clock)),
            revocations: Mutex::new(revocations),
        };
        let meters = Meters::default();
        let doors = open(&config)?;
        let admin = config
            .admin
            .map(|address| bind(address).map_err(|source| StartError::Listen { address, source }));
        let admin = admin.transpose()?;
        let log =
            AccessLog::open(config.access_log.to.as_deref()).map_err(StartError::AccessLog)?;
        let is_controlled = config.control.is_some();
        let snapshot = Snapshot::build(config, None, &workshop, &meters)?;
        snapshot.settle_answers(&workshop);
        let has_backend = |name: &str| snapshot.backends.contains_key(name);
        workshop.steering.settle(&snapshot.in_use(), has_backend);
        let cut = CancellationToken::new();
        let snapshot = ArcSwap::from_pointee(snapshot);
        let changes = watch::Sender::new(0);
        let refusals = Refusals::default();
        refusals.turn(is_controlled);
        let alarms = Arc::clone(&workshop.alarms);
        let core = Core {
            snapshot,
            changes,
            clock,
            rng,
            meters,
            log,
            chores,
            alarms,
            no_worker: workers,
            refusals,
            cut,
        };
        let (core, workshop) = (Arc::new(core), Arc::new(workshop));
        workshop.messenger.serve(&core);
        Ok(Self { core, workshop, doors, admin, desk: Arc::new(Desk::beside(file)) })
    }

    /// A hand on it.
    pub fn handle(&self) -> GatewayHandle {
        let addresses = self.doors.iter().map(|(door, _)| door.address).collect();
        let (core, workshop) = (Arc::clone(&self.core), Arc::clone(&self.workshop));
        let admin = self.admin.as_ref().and_then(|listener| listener.local_addr().ok());
        let doors = self.doors.iter().map(|(door, _)| door.clone()).collect();
        let desk = Arc::clone(&self.desk);
        GatewayHandle { core, workshop, addresses, doors, admin, desk }
    }

    /// Serves until `stop` is cancelled and what was under way has ended. Services of this process
    /// run on the runtime of whoever calls this.
    ///
    /// # Errors
    /// A worker could not start, or failed.
    pub async fn run(self, stop: CancellationToken) -> io::Result<()> {
        self.workshop.services.settle(tokio::runtime::Handle::current());
        let handle = self.handle();
        let mut workers = JoinSet::new();
        let (limits, connections_max, drain) = {
            let snapshot = self.core.snapshot.load();
            let limits = Arc::new(ConnectionLimits::new(&snapshot.config.limits));
            let drain = snapshot.config.drain.unwrap_or(Duration::from_secs(30));
            (limits, snapshot.config.limits.connections_max, drain)
        };
        let connections_max = self.connections_max(connections_max);
        for number in 0..self.workshop.workers {
            let mut doors = Vec::with_capacity(self.doors.len());
            for (door, listener) in &self.doors {
                let own = if number == 0 { listener.try_clone()? } else { bind(door.address)? };
                doors.push((door.clone(), own));
            }
            let shift = Shift {
                core: Arc::clone(&self.core),
                number,
                doors,
                limits: Arc::clone(&limits),
                connections_max,
                drain,
                stop: stop.clone(),
            };
            let ended = start_worker(shift)?;
            workers.spawn(async move {
                ended.await.unwrap_or_else(|_lost| Err(io::Error::other("a worker panicked")))
            });
        }
        workers.spawn(tend(handle.clone(), stop.clone()));
        workers.spawn(chore::run(Arc::clone(&self.core), stop.clone()));
        drop(self.doors);
        if let Some(listener) = self.admin {
            let admin = Admin { handle, stop: stop.clone() };
            workers.spawn(administer(Arc::new(admin), listener, limits));
        }
        let mut outcome = Ok(());
        while let Some(ended) = workers.join_next().await {
            let ended = ended.map_err(io::Error::other).and_then(|ended| ended);
            if ended.is_err() {
                // One worker less is an outage in disguise: all stop, and whoever runs us sees it.
                stop.cancel();
            }
            outcome = outcome.and(ended);
        }
        outcome
    }
}

impl Gateway {
    /// Connections on each worker: as many as are wanted, if there are descriptors for them.
    fn connections_max(&self, wanted: usize) -> usize {
        let possible = clients_max(self.workshop.workers);
        if possible < wanted {
            tracing::warn!(wanted, possible, "there are descriptors for fewer connections");
        }
        wanted.min(possible)
    }
}

fn open(config: &Config) -> Result<Vec<(Door, std::net::TcpListener)>, StartError> {
    let mut doors = Vec::new();
    for address in &config.listen {
        doors.push(Door { name: None, address: *address, tls: None, proxies: Arc::new([]) });
    }
    for (name, listener) in &config.listeners {
        let tls = match &listener.tls {
            None => None,
            Some(tls) => {
                let config = crate::tls::server(tls)
                    .map_err(|source| StartError::Tls { name: name.clone(), source })?;
                Some(Arc::new(ArcSwap::new(config)))
            }
        };
        let networks = listener.proxy_protocol_from.iter();
        let proxies: Vec<Network> = networks.filter_map(|text| text.parse().ok()).collect();
        let name = Some(name.as_str().into());
        doors.push(Door { name, address: listener.address, tls, proxies: proxies.into() });
    }
    if doors.is_empty() {
        return Err(StartError::Nowhere);
    }
    let bound = doors.into_iter().map(|mut door| {
        let failed = |source| StartError::Listen { address: door.address, source };
        let listener = bind(door.address).map_err(failed)?;
        door.address = listener.local_addr().map_err(failed)?;
        Ok((door, listener))
    });
    bound.collect()
}

fn start_worker(shift: Shift) -> io::Result<oneshot::Receiver<io::Result<()>>> {
    let (done, ended) = oneshot::channel();
    let name = format!("gateway-{}", shift.number);
    std::thread::Builder::new().name(name).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let outcome = runtime.and_then(|runtime| runtime.block_on(work(shift)));
        // Nobody listens any more if the gateway's future was dropped.
        drop(done.send(outcome));
    })?;
    Ok(ended)
}
