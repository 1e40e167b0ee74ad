//! One instance of a service, and the connections to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::HeaderValue;

use super::origin::{At, Origin};
use super::{BackendError, Workshop};
use crate::config::{BackendOptions, meant};
use crate::discovery::Instance;
use crate::inside::Inside;
use crate::pool::{Connector, Dial, Pool, PoolLimits};

/// A connection whose first packet is lost is asked for again after a second: that one shall count.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// One instance of a service.
pub(crate) struct Endpoint {
    pub(crate) name: Arc<str>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) authority: HeaderValue,
    pub(crate) secure: bool,
    /// Whether it was ill when it was last asked.
    pub(crate) ill: AtomicBool,
}

/// Where an instance is, exactly.
pub(super) struct Place {
    /// By which it is known again.
    pub(super) name: String,
    to: To,
}

enum To {
    Address(SocketAddr, Origin),
    Inside(Inside),
}

impl Place {
    /// The places behind what is written: one, or as many as the name has addresses.
    pub(super) fn all(instance: &Instance, workshop: &Workshop) -> Result<Vec<Self>, BackendError> {
        let wrong = || BackendError::Address(instance.at.clone());
        let origin = match instance.at.parse().map_err(|_error| wrong())? {
            At::Origin(origin) => origin,
            At::Service(name) => {
                let service = workshop.services.find(&name).ok_or_else(|| {
                    let known = meant(&name, workshop.services.names());
                    BackendError::Service { meant: known.map(str::to_owned), name }
                })?;
                return Ok(vec![Self { name: instance.at.clone(), to: To::Inside(service) }]);
            }
        };
        let addresses = match instance.address {
            Some(address) => vec![address],
            None => workshop
                .directory
                .resolve(&origin.host, origin.port)
                .map_err(|source| BackendError::Resolve { host: origin.host.clone(), source })?,
        };
        let scheme = if origin.secure { "https" } else { "http" };
        let place = |address: SocketAddr| Self {
            name: format!("{scheme}://{address}"),
            to: To::Address(address, origin.clone()),
        };
        Ok(addresses.into_iter().map(place).collect())
    }
}

impl Endpoint {
    pub(super) fn new(
        place: Place,
        options: &BackendOptions,
        workshop: &Workshop,
    ) -> Result<Self, BackendError> {
        let Place { name, to } = place;
        let (connector, authority, secure, http2) = match to {
            To::Address(address, origin) => {
                let wrong = || BackendError::Address(origin.host.clone());
                let host = match origin.host.contains(':') {
                    true => format!("[{}]:{}", origin.host, origin.port),
                    false => format!("{}:{}", origin.host, origin.port),
                };
                let authority = HeaderValue::from_str(&host).map_err(|_error| wrong())?;
                (connector(address, &origin, options)?, authority, origin.secure, options.http2)
            }
            To::Inside(service) => {
                (Connector::inside(service), HeaderValue::from_static("localhost"), false, false)
            }
        };
        let clock = Arc::clone(&workshop.clock);
        // One shard more than there are workers: health is asked for from elsewhere.
        let pool = Pool::new(connector, limits(options), http2, workshop.workers + 1, clock);
        let (name, pool) = (name.into(), Arc::new(pool));
        Ok(Self { name, pool, authority, secure, ill: AtomicBool::new(false) })
    }
}

fn connector(
    address: SocketAddr,
    origin: &Origin,
    options: &BackendOptions,
) -> Result<Connector, BackendError> {
    let dial = Dial { address, wait: options.connect_wait.unwrap_or(CONNECT_WAIT) };
    if !origin.secure {
        return Ok(Connector::plain(dial));
    }
    let config = crate::tls::client(options).map_err(BackendError::Tls)?;
    let name = rustls::pki_types::ServerName::try_from(origin.host.clone())
        .map_err(|_error| BackendError::Address(origin.host.clone()))?;
    Ok(Connector::secure(dial, config, name))
}

fn limits(options: &BackendOptions) -> PoolLimits {
    PoolLimits {
        requests_max: options.requests_max.unwrap_or(1024),
        idle_max: options.idle_max.unwrap_or(64),
        idle_wait: options.idle_wait.unwrap_or(Duration::from_secs(30)),
    }
}
