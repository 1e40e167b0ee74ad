//! Makes connections to one instance.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::Clock;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::inside::Inside;
use crate::wire::Wire;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConnectError {
    #[error("the connection was refused or failed")]
    Io(#[source] io::Error),
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    #[error("the gateway does not run")]
    NotRunning,
    #[error("no connection within {0:?}")]
    TimedOut(Duration),
}

/// What is dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dial {
    pub(crate) address: SocketAddr,
    pub(crate) wait: Duration,
}

/// How to reach an instance.
#[derive(Clone)]
pub(crate) struct Connector(Reach);

#[derive(Clone)]
enum Reach {
    Address { dial: Dial, tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)> },
    Inside(Inside),
}

impl Connector {
    pub(crate) const fn plain(dial: Dial) -> Self {
        Self(Reach::Address { dial, tls: None })
    }

    /// To a service of this process.
    pub(crate) const fn inside(service: Inside) -> Self {
        Self(Reach::Inside(service))
    }

    /// The service of this process that it leads to, if it does.
    pub(crate) const fn service(&self) -> Option<&Inside> {
        match &self.0 {
            Reach::Inside(service) => Some(service),
            Reach::Address { .. } => None,
        }
    }

    /// How long a connection may take.
    pub(crate) const fn wait(&self) -> Duration {
        match &self.0 {
            Reach::Address { dial, .. } => dial.wait,
            Reach::Inside(_) => Duration::from_secs(1),
        }
    }

    pub(crate) fn secure(
        dial: Dial,
        config: Arc<rustls::ClientConfig>,
        name: ServerName<'static>,
    ) -> Self {
        Self(Reach::Address { dial, tls: Some((config, name)) })
    }

    pub(crate) async fn connect(&self, clock: &Arc<dyn Clock>) -> Result<Wire, ConnectError> {
        let (dial, tls) = match &self.0 {
            Reach::Address { dial, tls } => (dial, tls.as_ref()),
            Reach::Inside(service) => {
                return service.pipe().map(Wire::Memory).ok_or(ConnectError::NotRunning);
            }
        };
        tokio::select! {
            wire = reach(dial.address, tls) => wire,
            () = clock.sleep(dial.wait) => Err(ConnectError::TimedOut(dial.wait)),
        }
    }
}

async fn reach(
    address: SocketAddr,
    tls: Option<&(Arc<rustls::ClientConfig>, ServerName<'static>)>,
) -> Result<Wire, ConnectError> {
    let stream = TcpStream::connect(address).await.map_err(ConnectError::Io)?;
    stream.set_nodelay(true).map_err(ConnectError::Io)?;
    let Some((config, name)) = tls else { return Ok(Wire::Plain(stream)) };
    let connector = TlsConnector::from(Arc::clone(config));
    let stream = connector.connect(name.clone(), stream).await.map_err(ConnectError::Tls)?;
    Ok(Wire::Tls(Box::new(stream.into())))
}
