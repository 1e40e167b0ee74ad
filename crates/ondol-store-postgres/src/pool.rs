//! Connections that read.
//!
//! Every reading is one statement, or a few that stand for themselves, so any connection will do
//! and a lost one costs a second try. There are at most so many; who comes later waits.

use std::sync::{Arc, Mutex};

use ondol_doors::Clock;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::PostgresOptions;
use crate::fault::Fault;
use crate::session::Session;

/// Connections for reading.
#[derive(Debug)]
pub(crate) struct Pool {
    options: PostgresOptions,
    clock: Arc<dyn Clock>,
    idle: Mutex<Vec<Session>>,
    places: Semaphore,
}

/// A connection that is lent out.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    session: Option<Session>,
    pool: &'a Pool,
    _place: SemaphorePermit<'a>,
}

impl Pool {
    pub(crate) fn new(options: &PostgresOptions, clock: &Arc<dyn Clock>) -> Self {
        Self {
            options: options.clone(),
            clock: Arc::clone(clock),
            idle: Mutex::default(),
            places: Semaphore::new(options.readers_max),
        }
    }

    /// Lends a connection.
    pub(crate) async fn lend(&self) -> Result<Lease<'_>, Fault> {
        let place = self.places.acquire().await.expect("the places are never closed");
        let session = match self.idle_session() {
            Some(session) => session,
            None => Session::connect(&self.options, &self.clock).await?,
        };
        Ok(Lease { session: Some(session), pool: self, _place: place })
    }

    /// Closes what is idle: one connection was lost, so the others are as well, or soon.
    pub(crate) fn clear(&self) {
        self.idle().clear();
    }

    fn idle_session(&self) -> Option<Session> {
        let mut idle = self.idle();
        std::iter::from_fn(|| idle.pop()).find(|session| !session.is_closed())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().expect("nobody panics while holding the idle connections")
    }
}

impl Lease<'_> {
    /// The connection.
    pub(crate) fn session(&self) -> &Session {
        self.session.as_ref().expect("it is taken only when the lease ends")
    }

    /// Ends the lease with what came of it; when that is a fault, the connection is closed.
    pub(crate) fn end<T>(mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if outcome.is_err() {
            self.session = None;
        }
        outcome
    }
}

impl Drop for Lease<'_> {
    /// Gives the connection back. If a question was given up, its answer is passed over.
    fn drop(&mut self) {
        if let Some(session) = self.session.take().filter(|session| !session.is_closed()) {
            self.pool.idle().push(session);
        }
    }
}
