//! Instances that register themselves, for as long as they go on saying so.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde::Deserialize;

use super::Instance;
use crate::address::Network;
use crate::backend::At;
use crate::config::RegistrationSource;
use crate::start::GatewayHandle;

/// Leases are looked through at least this often.
const LOOK: Duration = Duration::from_millis(500);
/// Letters of an instance's name.
const NAME_MAX: usize = 128;

/// What an instance says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    /// `http://address:port`: an address and not a name.
    pub(crate) at: String,
    #[serde(default = "one")]
    pub(crate) weight: u32,
    #[serde(default)]
    pub(crate) zone: Option<String>,
    /// For how long it may be silent, in seconds.
    #[serde(default)]
    pub(crate) lease_seconds: Option<u64>,
}

const fn one() -> u32 {
    1
}

/// Why an instance is not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LeaseError {
    #[error("`{0}` is not `http://address:port`")]
    Address(String),
    #[error("instances may not be at {0}")]
    Network(SocketAddr),
    #[error("there are {0} instances already")]
    Full(usize),
    #[error("an instance's name has 1 to {NAME_MAX} letters, digits, `.`, `_`, `:` or `-`")]
    Name,
    #[error("a weight is between 1 and 10000")]
    Weight,
}

struct Lease {
    instance: Instance,
    until: Duration,
}

/// The leases of all backends.
#[derive(Default)]
pub(crate) struct Leases(Mutex<BTreeMap<String, BTreeMap<String, Lease>>>);

impl Leases {
    /// Gives an instance a lease, or a new one. How long it is.
    pub(crate) fn renew(
        &self,
        backend: &str,
        name: &str,
        said: &Registration,
        source: &RegistrationSource,
        now: Duration,
    ) -> Result<Duration, LeaseError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(plain) {
            return Err(LeaseError::Name);
        }
        if !(1..=10_000).contains(&said.weight) {
            return Err(LeaseError::Weight);
        }
        let address = address(&said.at)?;
        let mut networks = source.networks.iter().filter_map(|text| text.parse::<Network>().ok());
        if !networks.any(|network| network.contains(address.ip())) {
            return Err(LeaseError::Network(address));
        }
        let asked = said.lease_seconds.map(Duration::from_secs);
        let lease = asked.unwrap_or(source.lease_max).min(source.lease_max);
        let mut leases = self.lock();
        let leases = leases.entry(backend.to_owned()).or_default();
        if !leases.contains_key(name) && leases.len() >= source.instances_max {
            return Err(LeaseError::Full(leases.len()));
        }
        let instance = Instance {
            at: said.at.clone(),
            address: Some(address),
            weight: said.weight,
            zone: said.zone.clone(),
            id: Some(name.to_owned()),
        };
        leases.insert(name.to_owned(), Lease { instance, until: now.saturating_add(lease) });
        Ok(lease)
    }

    /// Ends a lease. Whether there was one.
    pub(crate) fn end(&self, backend: &str, name: &str) -> bool {
        self.lock().get_mut(backend).is_some_and(|leases| leases.remove(name).is_some())
    }

    /// The instances whose leases have not run out, and when to look again.
    ///
    /// Those that were known before a restart get one lease to say that they are there.
    pub(crate) fn current(
        &self,
        backend: &str,
        source: &RegistrationSource,
        handle: &GatewayHandle,
    ) -> (Vec<Instance>, Duration) {
        let now = handle.clock().running();
        let mut all = self.lock();
        let leases = all.entry(backend.to_owned()).or_insert_with(|| {
            let until = now.saturating_add(source.lease_max);
            let known = handle.instances(backend).into_iter();
            let lease =
                |instance: Instance| Some((instance.id.clone()?, Lease { instance, until }));
            known.filter_map(lease).collect()
        });
        leases.retain(|_, lease| lease.until > now);
        let next = leases.values().map(|lease| lease.until.saturating_sub(now)).min();
        let instances = leases.values().map(|lease| lease.instance.clone()).collect();
        (instances, next.unwrap_or(LOOK).min(LOOK))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, Lease>>> {
        self.0.lock().expect("nobody panics while holding the leases")
    }
}

/// The address of what is written, which must have one and not a name that somebody else decides.
fn address(at: &str) -> Result<SocketAddr, LeaseError> {
    let wrong = || LeaseError::Address(at.to_owned());
    let Ok(At::Origin(origin)) = at.parse() else { return Err(wrong()) };
    let ip = origin.host.parse().map_err(|_error| wrong())?;
    Ok(SocketAddr::new(ip, origin.port))
}
