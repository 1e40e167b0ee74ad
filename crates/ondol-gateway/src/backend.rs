//! The services behind the gateway, and their instances.
//!
//! What is learnt about an instance (its connections, how many requests it has under way) belongs to
//! the backend and not to a route, and lives on when the configuration changes around it.

mod guards;

use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use ondol_doors::Clock;
use ondol_resilience::{Doors, Problems};

use crate::config::BackendOptions;
pub(crate) use guards::Guards;

use crate::pool::{Connector, Dial, Pool, PoolLimits};

/// An instance's address as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Why this is not the address of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OriginError {
    #[error("an address begins with `http://` or `https://`")]
    Scheme,
    #[error("an address has no path: rewriting is the route's")]
    Path,
    #[error("the port is not a number")]
    Port,
    #[error("there is no host")]
    Host,
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (secure, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(OriginError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(OriginError::Path);
        }
        let ordinary = if secure { 443 } else { 80 };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_error| OriginError::Port)?)
            }
            _ => (rest, ordinary),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() { Err(OriginError::Host) } else { Ok(Self { secure, host, port }) }
    }
}

/// One instance of a service.
pub(crate) struct Endpoint {
    pub(crate) name: Arc<str>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) authority: HeaderValue,
    pub(crate) secure: bool,
}

/// A service behind the gateway.
pub(crate) struct Backend {
    pub(crate) name: Arc<str>,
    pub(crate) options: BackendOptions,
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    pub(crate) guards: Guards,
}

/// Why a backend cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// Its address is wrong.
    #[error("`{0}` is not the address of an instance")]
    Address(String),
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

/// What instances of backends are made with.
pub(crate) struct Workshop {
    pub(crate) workers: usize,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) doors: Doors,
}

impl Backend {
    /// A backend with its instances; those of `before` that are still wanted live on.
    pub(crate) fn new(
        name: &str,
        options: &BackendOptions,
        before: Option<&Arc<Self>>,
        workshop: &Workshop,
    ) -> Result<Arc<Self>, BackendError> {
        if let Some(before) = before
            && before.options == *options
        {
            return Ok(Arc::clone(before));
        }
        let mut endpoints: Vec<Arc<Endpoint>> = Vec::with_capacity(options.endpoints.len());
        for endpoint in &options.endpoints {
            for endpoint in Endpoint::resolve(endpoint, options, workshop)? {
                if endpoints.iter().all(|known| known.name != endpoint.name) {
                    let known = before.and_then(|before| before.known(options, &endpoint.name));
                    endpoints.push(known.unwrap_or(endpoint));
                }
            }
        }
        let names: Vec<_> = endpoints.iter().map(|endpoint| Arc::clone(&endpoint.name)).collect();
        let known = before.map(|before| &before.guards);
        let guards = Guards::new(name, options, &names, known, &workshop.doors)
            .map_err(BackendError::Policies)?;
        Ok(Arc::new(Self { name: name.into(), options: options.clone(), endpoints, guards }))
    }

    /// An instance that lives on, because it is reached as it was.
    fn known(&self, options: &BackendOptions, name: &str) -> Option<Arc<Endpoint>> {
        if !self.options.reaches_as(options) {
            return None;
        }
        self.named(name).map(Arc::clone)
    }

    /// The instance with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.iter().find(|endpoint| *endpoint.name == *name)
    }
}

impl Endpoint {
    fn resolve(
        text: &str,
        options: &BackendOptions,
        workshop: &Workshop,
    ) -> Result<Vec<Arc<Self>>, BackendError> {
        let origin: Origin =
            text.parse().map_err(|_error| BackendError::Address(text.to_owned()))?;
        let addresses = (origin.host.as_str(), origin.port).to_socket_addrs();
        let addresses = addresses
            .map_err(|source| BackendError::Resolve { host: origin.host.clone(), source })?;
        let mut addresses: Vec<SocketAddr> = addresses.collect();
        addresses.dedup();
        if addresses.iter().any(SocketAddr::is_ipv4) {
            addresses.retain(SocketAddr::is_ipv4);
        }
        addresses
            .into_iter()
            .map(|address| Self::at(address, &origin, options, workshop).map(Arc::new))
            .collect()
    }

    fn at(
        address: SocketAddr,
        origin: &Origin,
        options: &BackendOptions,
        workshop: &Workshop,
    ) -> Result<Self, BackendError> {
        let dial = Dial { address, wait: options.connect_wait.unwrap_or(Duration::from_secs(1)) };
        let connector = if origin.secure {
            let config = crate::tls::client(options).map_err(BackendError::Tls)?;
            let name = rustls::pki_types::ServerName::try_from(origin.host.clone())
                .map_err(|_error| BackendError::Address(origin.host.clone()))?;
            Connector::secure(dial, config, name)
        } else {
            Connector::plain(dial)
        };
        let limits = PoolLimits {
            requests_max: options.requests_max.unwrap_or(1024),
            idle_max: options.idle_max.unwrap_or(64),
            idle_wait: options.idle_wait.unwrap_or(Duration::from_secs(30)),
        };
        let authority = HeaderValue::from_str(&format!("{}:{}", origin.host, origin.port))
            .map_err(|_error| BackendError::Address(origin.host.clone()))?;
        let pool = Pool::new(
            connector,
            limits,
            options.http2,
            workshop.workers,
            Arc::clone(&workshop.clock),
        );
        let scheme = if origin.secure { "https" } else { "http" };
        let name = format!("{scheme}://{address}").into();
        Ok(Self { name, pool: Arc::new(pool), authority, secure: origin.secure })
    }
}
