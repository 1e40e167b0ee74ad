//! One instance of a service, and the connections to it.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::origin::{At, Origin};
use super::{BackendError, Workshop};
use crate::config::{BackendOptions, meant};
use crate::pool::{Connector, Dial, Pool, PoolLimits};

/// One instance of a service.
pub(crate) struct Endpoint {
    pub(crate) name: Arc<str>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) authority: HeaderValue,
    pub(crate) secure: bool,
}

impl Endpoint {
    /// The instances behind what is written: one, or as many as the name has addresses.
    pub(super) fn resolve(
        text: &str,
        options: &BackendOptions,
        workshop: &Workshop,
    ) -> Result<Vec<Arc<Self>>, BackendError> {
        let at: At = text.parse().map_err(|_error| BackendError::Address(text.to_owned()))?;
        let origin = match at {
            At::Origin(origin) => origin,
            At::Service(name) => return Ok(vec![Self::inside(text, &name, options, workshop)?]),
        };
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

    fn inside(
        text: &str,
        name: &str,
        options: &BackendOptions,
        workshop: &Workshop,
    ) -> Result<Arc<Self>, BackendError> {
        let service = workshop.services.find(name).ok_or_else(|| BackendError::Service {
            name: name.to_owned(),
            meant: meant(name, workshop.services.names()).map(str::to_owned),
        })?;
        let pool = Pool::new(
            Connector::inside(service),
            limits(options),
            false,
            workshop.workers,
            Arc::clone(&workshop.clock),
        );
        let authority = HeaderValue::from_static("localhost");
        Ok(Arc::new(Self { name: text.into(), pool: Arc::new(pool), authority, secure: false }))
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
        let authority = HeaderValue::from_str(&format!("{}:{}", origin.host, origin.port))
            .map_err(|_error| BackendError::Address(origin.host.clone()))?;
        let pool = Pool::new(
            connector,
            limits(options),
            options.http2,
            workshop.workers,
            Arc::clone(&workshop.clock),
        );
        let scheme = if origin.secure { "https" } else { "http" };
        let name = format!("{scheme}://{address}").into();
        Ok(Self { name, pool: Arc::new(pool), authority, secure: origin.secure })
    }
}

fn limits(options: &BackendOptions) -> PoolLimits {
    PoolLimits {
        requests_max: options.requests_max.unwrap_or(1024),
        idle_max: options.idle_max.unwrap_or(64),
        idle_wait: options.idle_wait.unwrap_or(Duration::from_secs(30)),
    }
}
