//! Sockets to listen on.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio_rustls::TlsAcceptor;

use crate::address::Network;

/// Connections the kernel holds for us while we are busy.
const BACKLOG: i32 = 4096;

/// A place to listen, and how.
#[derive(Clone)]
pub(crate) struct Door {
    /// Its name in the configuration, if it has one.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<arc_swap::ArcSwap<rustls::ServerConfig>>>,
    pub(crate) proxies: Arc<[Network]>,
}

impl Door {
    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.tls.as_ref().map(|config| TlsAcceptor::from(config.load_full()))
    }
}

/// A socket on this address, which the other workers bind as well.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
