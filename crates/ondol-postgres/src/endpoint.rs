//! Where a server is, and connecting to it.
//!
//! An address is written as for every other client: `postgres://user:password@host:port/database`,
//! with `sslmode` one of `disable`, `prefer` (when none is named), `require`, `verify-ca` and
//! `verify-full`, and `sslrootcert` the file of the authorities that are trusted, or `system`.

mod address;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use self::address::Asked;
use crate::ConnectError;
use crate::tls::{Connector, Tls, TlsError};

/// A server's address.
#[derive(Clone)]
pub struct Endpoint {
    config: Config,
    tls: Tls,
}

/// Why an address cannot be used. It does not repeat the address, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAddress {
    /// It is not an address.
    #[error("url is postgres://user:password@host:port/database, found something else")]
    Malformed,
    /// It names no host.
    #[error("url names a host, found none")]
    WithoutHost,
    /// It asks for a way of using TLS that there is not.
    #[error("sslmode is disable, prefer, require, verify-ca or verify-full, found {found:?}")]
    UnknownMode {
        /// What it asks for.
        found: String,
    },
    /// It names authorities and forbids TLS.
    #[error("sslrootcert says who is to be trusted, found it beside sslmode=disable")]
    RootsWithoutTls,
}

/// A connection: what is said over it, and the task that moves the bytes, which ends with it.
#[derive(Debug)]
pub struct Link {
    /// Says things.
    pub client: Client,
    /// Moves the bytes.
    pub driver: JoinSet<Result<(), tokio_postgres::Error>>,
}

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(url: &str) -> Result<Self, InvalidAddress> {
        let Asked { url, mode, roots } = Asked::of(url)?;
        if url.is_empty() {
            return Err(InvalidAddress::Malformed);
        }
        let mut config: Config = url.parse().map_err(|_unparsed| InvalidAddress::Malformed)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(InvalidAddress::WithoutHost);
        }
        let mode = match mode {
            Some(mode) => mode.parse()?,
            None => config.get_ssl_mode().into(),
        };
        let tls = Tls::new(mode, roots)?;
        config.ssl_mode(tls.on_the_wire());
        Ok(Self { config, tls })
    }

    /// What else can be said about the connections.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// The same, with a limit for reaching the server.
    #[must_use]
    pub fn connecting_within(mut self, timeout: Duration) -> Self {
        self.config.connect_timeout(timeout);
        self
    }

    /// Connects. Certificates are read anew each time: they are replaced while we run.
    ///
    /// # Errors
    /// When the server cannot be reached, does not let us in, or is not who was asked for.
    pub async fn connect(&self) -> Result<Link, ConnectError> {
        let mut driver = JoinSet::new();
        if self.config.get_ssl_mode() == SslMode::Disable {
            let connected = self.config.connect(NoTls).await;
            let (client, connection) = connected.map_err(ConnectError::Server)?;
            driver.spawn(connection);
            return Ok(Link { client, driver });
        }
        let tls = self.tls.clone();
        // Reading files is not for the tasks of the runtime.
        let connector = tokio::task::spawn_blocking(move || Connector::new(&tls)).await;
        let connector = connector.map_err(|ended| TlsError::Handshake(ended.into()))??;
        let connected = self.config.connect(connector).await;
        let (client, connection) = connected.map_err(TlsError::or_of_server)?;
        driver.spawn(connection);
        Ok(Link { client, driver })
    }
}

impl std::fmt::Debug for Endpoint {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("tls", &self.tls).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
