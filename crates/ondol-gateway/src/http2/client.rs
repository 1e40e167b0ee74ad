//! HTTP/2 to an upstream: several connections, many requests on each.
//!
//! One connection would make every request wait for the slowest loss on it, and for one core at the
//! other end. A request goes to the connection with the fewest; when all are full, one more is made,
//! up to a limit.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};

use super::body::Place;
use super::{Joined, Tasks};
use crate::body::Body;
use crate::http1::{Reader, Writer};
use crate::wire::Wire;

/// Connections to an instance, on each worker.
const CONNECTIONS_MAX: usize = 4;
/// Requests on a connection before another one is made.
const STREAMS_FULL: usize = 64;

#[derive(Clone)]
struct Open {
    sender: SendRequest<Body>,
    streams: Arc<AtomicUsize>,
}

/// The connections of one worker.
#[derive(Default)]
pub(crate) struct Http2Pool {
    open: Mutex<Vec<Open>>,
    /// Held by whoever makes a connection: the others wait, and share it.
    opening: tokio::sync::Mutex<()>,
    tasks: Tasks,
}

/// A place on a connection.
pub(crate) struct Seat {
    sender: SendRequest<Body>,
    pub(crate) place: Place,
}

impl Http2Pool {
    /// A place on the connection with the fewest requests, unless another one should be made.
    pub(crate) fn seat(&self) -> Option<Seat> {
        let mut open = self.open.lock().expect("nobody panics while holding the connections");
        open.retain(|connection| !connection.sender.is_closed());
        let least = open.iter().min_by_key(|one| one.streams.load(Ordering::Relaxed))?;
        if least.streams.load(Ordering::Relaxed) >= STREAMS_FULL && open.len() < CONNECTIONS_MAX {
            return None;
        }
        Some(least.sit())
    }

    /// Waits for whoever makes a connection, to be the next if it is still needed.
    pub(crate) async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.opening.lock().await
    }

    /// A place on a new connection.
    pub(crate) async fn open(&self, wire: Wire) -> hyper::Result<Seat> {
        let (read, write) = wire.split();
        let joined = Joined::trusted(Reader::new(read), Writer::new(write));
        let (sender, connection) =
            Builder::new(self.tasks.clone()).max_send_buf_size(64 * 1024).handshake(joined).await?;
        self.tasks.0.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP/2 connection to an upstream failed");
            }
        });
        let new = Open { sender, streams: Arc::default() };
        let seat = new.sit();
        self.open.lock().expect("nobody panics while holding the connections").push(new);
        Ok(seat)
    }
}

impl Open {
    fn sit(&self) -> Seat {
        self.streams.fetch_add(1, Ordering::Relaxed);
        Seat { sender: self.sender.clone(), place: Place(Arc::clone(&self.streams)) }
    }
}

impl Seat {
    /// Sends a request.
    pub(crate) async fn send(
        mut self,
        request: Request<Body>,
    ) -> Result<(Response<Incoming>, Place), hyper::Error> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        Ok((response, self.place))
    }
}
