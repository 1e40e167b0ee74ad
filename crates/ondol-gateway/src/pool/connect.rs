//! Makes connections to one address.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::Clock;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::wire::Wire;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConnectError {
    #[error("the connection was refused or failed")]
    Io(#[source] io::Error),
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    #[error("no connection within {0:?}")]
    TimedOut(Duration),
}

/// What is dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dial {
    pub(crate) address: SocketAddr,
    pub(crate) wait: Duration,
}

/// How to reach an address.
#[derive(Clone)]
pub(crate) struct Connector {
    dial: Dial,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
}

impl Connector {
    pub(crate) const fn plain(dial: Dial) -> Self {
        Self { dial, tls: None }
    }

    pub(crate) fn secure(
        dial: Dial,
        config: Arc<rustls::ClientConfig>,
        name: ServerName<'static>,
    ) -> Self {
        Self { dial, tls: Some((config, name)) }
    }

    pub(crate) async fn connect(&self, clock: &Arc<dyn Clock>) -> Result<Wire, ConnectError> {
        tokio::select! {
            wire = self.reach() => wire,
            () = clock.sleep(self.dial.wait) => Err(ConnectError::TimedOut(self.dial.wait)),
        }
    }

    async fn reach(&self) -> Result<Wire, ConnectError> {
        let stream = TcpStream::connect(self.dial.address).await.map_err(ConnectError::Io)?;
        stream.set_nodelay(true).map_err(ConnectError::Io)?;
        let Some((config, name)) = &self.tls else { return Ok(Wire::Plain(stream)) };
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name.clone(), stream).await.map_err(ConnectError::Tls)?;
        Ok(Wire::Tls(Box::new(stream.into())))
    }
}
