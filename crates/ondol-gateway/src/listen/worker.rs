//! One worker: accepts, serves, and at the end waits for what is under way.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use super::bind::Door;
use super::proxy::read_header;
use crate::gateway::Core;
use crate::handle::Peer;
use crate::http1::{Reader, Served, Writer, serve};
use crate::http2::{self, Joined};
use crate::limits::ConnectionLimits;
use crate::stay::Stay;
use crate::tls::Shown;
use crate::wire::Wire;

/// How often idle connections to upstreams are looked through.
const SWEEP: Duration = Duration::from_secs(5);
/// How long to rest when no connection can be accepted: out of descriptors, most likely.
const REST: Duration = Duration::from_millis(50);

/// Connections that are taken in although all places are taken, while idle ones leave.
const GUESTS_MORE: usize = 64;

/// What a worker is given.
pub(crate) struct Shift {
    pub(crate) core: Arc<Core>,
    pub(crate) number: usize,
    pub(crate) doors: Vec<(Door, TcpListener)>,
    pub(crate) limits: Arc<ConnectionLimits>,
    pub(crate) connections_max: usize,
    pub(crate) drain: Duration,
    pub(crate) stop: CancellationToken,
}

/// Works until told to stop, then until all is answered or the time to drain is over.
pub(crate) async fn work(shift: Shift) -> io::Result<()> {
    let mut acceptors = JoinSet::new();
    let shift = Arc::new(shift);
    for (door, listener) in &shift.doors {
        let listener = tokio::net::TcpListener::from_std(listener.try_clone()?)?;
        acceptors.spawn(accept(Arc::clone(&shift), door.clone(), listener));
    }
    acceptors.spawn(sweep(Arc::clone(&shift)));
    while let Some(ended) = acceptors.join_next().await {
        ended.map_err(io::Error::other)?;
    }
    Ok(())
}

async fn sweep(shift: Arc<Shift>) {
    while !shift.stop.is_cancelled() {
        tokio::select! {
            () = shift.core.clock.sleep(SWEEP) => {}
            () = shift.stop.cancelled() => {}
        }
        let snapshot = shift.core.snapshot.load_full();
        for backend in snapshot.backends.values() {
            for endpoint in &backend.endpoints().list {
                endpoint.pool.sweep();
            }
        }
    }
}

async fn accept(shift: Arc<Shift>, door: Door, listener: tokio::net::TcpListener) {
    let mut guests = Guests::default();
    loop {
        let full = guests.tasks.len() >= shift.connections_max.saturating_add(GUESTS_MORE);
        tokio::select! {
            accepted = listener.accept(), if !full => match accepted {
                Ok((stream, from)) => guests.welcome(&shift, &door, stream, from),
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    guests.make_room(&shift.core);
                    shift.core.clock.sleep(REST).await;
                }
            },
            Some(ended) = guests.tasks.join_next_with_id() => guests.farewell(&ended),
            () = shift.stop.cancelled() => break,
        }
    }
    drop(listener);
    let drained = async {
        while let Some(ended) = guests.tasks.join_next_with_id().await {
            guests.farewell(&ended);
        }
    };
    tokio::select! {
        () = drained => return,
        () = shift.core.clock.sleep(shift.drain) => shift.core.cut.cancel(),
    }
    guests.tasks.shutdown().await;
}

/// The connections of a door on this worker.
#[derive(Default)]
struct Guests {
    tasks: JoinSet<()>,
    stays: HashMap<Id, Stay>,
}

impl Guests {
    fn welcome(&mut self, shift: &Arc<Shift>, door: &Door, stream: TcpStream, from: SocketAddr) {
        let stay = Stay::until(&shift.stop);
        stay.idle(shift.core.clock.running());
        let guest = connection(Arc::clone(shift), door.clone(), stream, from, stay.clone());
        let task = self.tasks.spawn(guest);
        self.stays.insert(task.id(), stay);
        if self.tasks.len() > shift.connections_max {
            self.make_room(&shift.core);
        }
    }

    /// Asks whoever has been idle for longest to go.
    fn make_room(&self, core: &Core) {
        let staying = self.stays.values().filter(|stay| !stay.over.is_cancelled());
        let idle = staying.filter_map(|stay| Some((stay.idle_since()?, stay)));
        if let Some((_, stay)) = idle.min_by_key(|(since, _)| *since) {
            core.meters.connections_evicted.fetch_add(1, Ordering::Relaxed);
            stay.over.cancel();
        }
    }

    fn farewell(&mut self, ended: &Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "a connection's task panicked");
                }
                error.id()
            }
        };
        self.stays.remove(&id);
    }
}

async fn connection(
    shift: Arc<Shift>,
    door: Door,
    stream: TcpStream,
    from: SocketAddr,
    stay: Stay,
) {
    let open = &shift.core.meters.connections;
    open.fetch_add(1, Ordering::Relaxed);
    if let Err(error) = converse(&shift, &door, stream, from, stay).await {
        tracing::debug!(%error, %from, "a connection failed before it began");
    }
    open.fetch_sub(1, Ordering::Relaxed);
}

async fn converse(
    shift: &Shift,
    door: &Door,
    mut stream: TcpStream,
    mut from: SocketAddr,
    stay: Stay,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if door.proxies.iter().any(|network| network.contains(from.ip())) {
        let said = tokio::select! {
            said = read_header(&mut stream) => said?,
            () = too_long(shift, &stay) => return Err(io::ErrorKind::TimedOut.into()),
        };
        from = said.unwrap_or(from);
    }
    let mut peer = Peer::at(from, shift.number);
    let wire = match door.acceptor() {
        None => Wire::Plain(stream),
        Some(acceptor) => {
            peer.secure = true;
            let stream = tokio::select! {
                stream = acceptor.accept(stream) => stream?,
                () = too_long(shift, &stay) => return Err(io::ErrorKind::TimedOut.into()),
            };
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            peer.certificate = shown.and_then(Shown::read);
            Wire::Tls(Box::new(stream.into()))
        }
    };
    let clock = &shift.core.clock;
    let peer = Arc::new(peer);
    let (reader, writer) = if wire.speaks_http2() {
        let (read, write) = wire.split();
        (Reader::new(read), Writer::new(write))
    } else {
        let stay = stay.clone();
        match serve(wire, Arc::clone(&peer), &*shift.core, &shift.limits, clock, stay).await {
            Served::Closed => return Ok(()),
            Served::Http2(reader, writer) => (reader, writer),
        }
    };
    let line = http2::Line {
        handler: Arc::clone(&shift.core),
        peer,
        limits: Arc::clone(&shift.limits),
        clock: Arc::clone(clock),
        stay,
    };
    http2::serve(Joined::watched(reader, writer, Arc::clone(clock)), line).await;
    Ok(())
}

/// Until the client has taken too long to say who it is, or its place is needed.
async fn too_long(shift: &Shift, stay: &Stay) {
    tokio::select! {
        () = shift.core.clock.sleep(shift.limits.head_wait) => {}
        () = stay.over.cancelled() => {}
    }
}
