//! Connections with limits, and a drain before the end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// What a server allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerOptions {
    /// How many connections there may be at once; more wait to be accepted.
    pub connections_max: usize,
    /// How long a client may take for the head of a request.
    pub head_longest: Duration,
    /// How many bytes the head of a request may have.
    pub head_bytes_max: usize,
    /// How many requests of one HTTP/2 connection run at once.
    pub streams_max: u32,
    /// How long what has begun may take to finish when the server ends.
    pub drain_longest: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            head_longest: Duration::from_secs(10),
            head_bytes_max: 32 * 1024,
            streams_max: 200,
            drain_longest: Duration::from_secs(30),
        }
    }
}

/// How long to wait after the system has no more room for connections.
const PAUSE_WITHOUT_ROOM: Duration = Duration::from_millis(50);

/// Serves until `stop` turns true, then finishes what has begun.
///
/// # Errors
/// When connections can no longer be accepted.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServerOptions,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(options.connections_max));
    let protocol = protocol(&options);
    let (drain, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    loop {
        let permit = Arc::clone(&room).acquire_owned();
        let permit = tokio::select! {
            permit = permit => permit.map_err(io::Error::other)?,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match stream {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        // What has ended is joined here, so that the set holds only what is open.
        while let Some(ended) = connections.try_join_next() {
            log_panic(ended);
        }
        let serving = connection(stream, peer, router.clone(), &protocol, &drain);
        connections.spawn(async move {
            serving.await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(options.drain_longest, drain.shutdown()).await.is_err() {
        tracing::warn!("connections were still busy at the end of the drain and are closed");
    }
    connections.shutdown().await;
    Ok(())
}

fn protocol(options: &ServerOptions) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    protocol
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_longest)
        .max_buf_size(options.head_bytes_max)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.streams_max)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .max_header_list_size(u32::try_from(options.head_bytes_max).unwrap_or(u32::MAX));
    protocol
}

/// Where a request comes from: the other end of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    protocol: &auto::Builder<TokioExecutor>,
    drain: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its small packets back");
    }
    let service =
        TowerToHyperService::new(router.map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            request
        }));
    let served = protocol.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let served = drain.watch(served.into_owned());
    async move {
        if let Err(error) = served.await {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// One connection that breaks off before it is accepted is nothing; no room for any is told.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if ![ConnectionAborted, ConnectionReset, Interrupted].contains(&error.kind()) {
        tracing::error!(%error, "connections cannot be accepted");
        tokio::time::sleep(PAUSE_WITHOUT_ROOM).await;
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the task of a connection has panicked");
    }
}
