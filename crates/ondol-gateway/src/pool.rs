//! The connections to one instance of a service.
//!
//! Each worker keeps its own idle ones, so that taking one is a lock nobody else wants. How many
//! requests may be under way at once is counted for all workers together.

mod connect;
mod dials;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ondol_doors::Clock;
use ondol_resilience::Place;

pub(crate) use connect::{ConnectError, Connector, Dial};

use self::dials::{Dials, Turn};
use crate::http1::UpstreamConnection;
use crate::http2::Http2Pool;
use crate::inside::Inside;
use crate::wire::Wire;

/// How many connections, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolLimits {
    /// Requests under way at once.
    pub(crate) requests_max: usize,
    /// Idle connections on each worker.
    pub(crate) idle_max: usize,
    /// How long one may be idle.
    pub(crate) idle_wait: Duration,
}

/// Idle connections to one address.
pub(crate) struct Pool {
    pub(crate) connector: Connector,
    limits: PoolLimits,
    shards: Box<[Shard]>,
    http2: Option<Box<[Http2Pool]>>,
    under_way: AtomicUsize,
    clock: Arc<dyn Clock>,
}

/// What one worker has.
#[derive(Default)]
struct Shard {
    idle: Mutex<Vec<UpstreamConnection>>,
    dials: Dials,
}

/// A connection for a request.
pub(crate) enum Obtained {
    /// It has been idle, and may have been closed at this very moment.
    Idle(UpstreamConnection),
    /// It is new.
    Fresh(UpstreamConnection),
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        limits: PoolLimits,
        http2: bool,
        workers: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let shards = (0..workers.max(1)).map(|_| Shard::default()).collect();
        let http2 = http2.then(|| (0..workers.max(1)).map(|_| Http2Pool::default()).collect());
        Self { connector, limits, shards, http2, under_way: AtomicUsize::new(0), clock }
    }

    /// A place for one more request, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, worker: usize) -> Option<Home> {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        // From here on, dropping the home gives the place back.
        let worker = worker % self.shards.len();
        let home = Home { pool: Arc::clone(self), worker, place: None };
        (before < self.limits.requests_max).then_some(home)
    }

    /// How many requests are under way.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// How many connections wait for a request.
    pub(crate) fn idle(&self) -> usize {
        (0..self.shards.len()).map(|shard| self.shard(shard).len()).sum()
    }

    /// Closes what has been idle for too long.
    pub(crate) fn sweep(&self) {
        let now = self.clock.running();
        for shard in 0..self.shards.len() {
            self.shard(shard).retain(|idle| self.is_fresh(idle, now) && idle.is_fit());
        }
    }

    fn is_fresh(&self, idle: &UpstreamConnection, now: Duration) -> bool {
        now.saturating_sub(idle.idle_since()) < self.limits.idle_wait
    }

    fn shard(&self, worker: usize) -> MutexGuard<'_, Vec<UpstreamConnection>> {
        self.shards[worker].idle.lock().expect("nobody panics while holding a shard")
    }
}

/// A request's place in a pool, and where its connection goes afterwards.
pub(crate) struct Home {
    pool: Arc<Pool>,
    worker: usize,
    place: Option<Place>,
}

impl Home {
    /// Keeps a place in the backend's bulkhead until the answer is over.
    pub(crate) fn hold(&mut self, place: Option<Place>) {
        self.place = place;
    }

    /// The connections over which HTTP/2 is spoken, if it is.
    pub(crate) fn http2(&self) -> Option<&Http2Pool> {
        self.pool.http2.as_ref()?.get(self.worker)
    }

    /// The service of this process that is asked, if it is one.
    pub(crate) fn inside(&self) -> Option<&Inside> {
        self.pool.connector.service()
    }

    /// How long making a connection may take.
    pub(crate) fn connect_wait(&self) -> Duration {
        self.pool.connector.wait()
    }

    /// The clock of the pool.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.pool.clock
    }

    /// A new connection, with nothing spoken over it yet.
    pub(crate) async fn dial(&self) -> Result<Wire, ConnectError> {
        self.pool.connector.connect(&self.pool.clock).await
    }

    /// A connection: a new one, or one that comes back while others are made.
    pub(crate) async fn obtain(&self) -> Result<Obtained, ConnectError> {
        let wait = self.pool.connector.wait();
        let turn = self.pool.shards[self.worker].dials.turn(|| self.idle());
        let turn = tokio::select! {
            turn = turn => turn.ok_or(ConnectError::NotRunning)?,
            () = self.pool.clock.sleep(wait) => return Err(ConnectError::TimedOut(wait)),
        };
        match turn {
            Turn::Back(idle) => Ok(Obtained::Idle(idle)),
            Turn::Dial(_place) => self.connect().await.map(Obtained::Fresh),
        }
    }

    /// The most recently used idle connection that is still good.
    pub(crate) fn idle(&self) -> Option<UpstreamConnection> {
        let now = self.pool.clock.running();
        loop {
            let idle = self.pool.shard(self.worker).pop()?;
            if self.pool.is_fresh(&idle, now) && idle.is_fit() {
                return Some(idle);
            }
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<UpstreamConnection, ConnectError> {
        let wire = self.dial().await?;
        Ok(UpstreamConnection::new(wire, Arc::clone(&self.pool.clock)))
    }

    /// Puts a connection aside for the next request.
    pub(crate) fn keep(self, mut connection: UpstreamConnection) {
        connection.rest(self.pool.clock.running());
        let mut shard = self.pool.shard(self.worker);
        if shard.len() < self.pool.limits.idle_max {
            shard.push(connection);
            drop(shard);
            self.pool.shards[self.worker].dials.tell();
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.pool.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
