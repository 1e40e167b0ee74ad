//! Connections, each used by one transaction at a time.
//!
//! A connection goes back to the others only when its transaction has come to its end. One on
//! which anything went wrong, or whose user has gone away in the middle, is closed, and the
//! server rolls back. Statements are sent whole, without names, so a transaction pooler may stand
//! in between.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ondol_doors::Clock;
use tokio::sync::Semaphore;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::{Database, Endpoint, Fault, Link};

/// A parameter of a statement, with its type, so that nothing needs to be prepared.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A connection.
#[derive(Debug)]
pub struct Session {
    link: Link,
}

/// The connections.
#[derive(Debug)]
pub struct Sessions {
    database: Database,
    endpoint: Endpoint,
    clock: Arc<dyn Clock>,
    permits: Semaphore,
    idle: Mutex<Vec<Session>>,
}

/// The usual ways in which a transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It reads one snapshot.
    Read,
    /// It writes what can be made again, and the commit does not wait for the disk.
    Fold,
    /// It writes, and the commit waits for the disk.
    Decide,
}

impl Mode {
    /// What begins it.
    pub const fn begin(self) -> &'static str {
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Fold => "BEGIN; SET LOCAL synchronous_commit = off",
            Self::Decide => "BEGIN; SET LOCAL synchronous_commit = on",
        }
    }
}

impl Session {
    /// The client library's own.
    pub fn client(&self) -> &Client {
        &self.link.client
    }

    /// Says a statement and gathers its rows.
    ///
    /// # Errors
    /// When the server refuses or is lost.
    pub async fn query(&self, text: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Fault> {
        Ok(self.link.client.query_typed(text, parameters).await?)
    }

    /// Says a statement; answers how many rows it has touched.
    ///
    /// # Errors
    /// When the server refuses or is lost.
    pub async fn execute(&self, text: &str, parameters: &[Parameter<'_>]) -> Result<u64, Fault> {
        Ok(self.link.client.execute_typed(text, parameters).await?)
    }

    /// Says statements without parameters or answers.
    ///
    /// # Errors
    /// When the server refuses or is lost.
    pub async fn run(&self, text: &str) -> Result<(), Fault> {
        Ok(self.link.client.batch_execute(text).await?)
    }
}

impl Sessions {
    /// Connections to a database, none of them made yet.
    ///
    /// # Panics
    /// When the database has [`Database::problems`].
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        let endpoint = Endpoint::parse(&database.url);
        let endpoint = endpoint.expect("the options are validated before they are used");
        let permits = Semaphore::new(database.connections_max);
        Self { database, endpoint, clock, permits, idle: Mutex::default() }
    }

    /// The schema that is meant.
    pub fn schema(&self) -> &str {
        &self.database.schema
    }

    /// Does something in a transaction of its own, within the time there is. What fails is
    /// rolled back. `unknown` says what a commit means whose answer did not come.
    ///
    /// # Errors
    /// As the work does, and when the server refuses, is lost or takes too long.
    pub async fn run<T, E, F>(
        &self,
        begin: &str,
        fault: impl Fn(Fault) -> E,
        unknown: impl Fn(Fault) -> E,
        work: F,
    ) -> Result<T, E>
    where
        F: AsyncFnOnce(&Session) -> Result<T, E>,
    {
        let _permit = self.permits.acquire().await.map_err(|_closed| fault(Fault::Closed))?;
        let session = match self.take() {
            Some(session) => session,
            None => self.connect().await.map_err(&fault)?,
        };
        let timeout = self.database.transaction_timeout();
        let begun = self.within(timeout, session.run(begin)).await;
        begun.and_then(|begun| begun).map_err(&fault)?;
        let answer = self.within(timeout, work(&session)).await.map_err(&fault)??;
        let committed = self.within(timeout, session.run("COMMIT")).await;
        committed.and_then(|done| done).map_err(unknown)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        Ok(answer)
    }

    async fn connect(&self) -> Result<Session, Fault> {
        let timeout = self.database.connect_timeout();
        Ok(Session { link: self.within(timeout, self.endpoint.connect()).await?? })
    }

    fn take(&self) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(|session| !session.link.client.is_closed())
    }

    async fn within<T>(
        &self,
        timeout: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        tokio::select! {
            answer = work => Ok(answer),
            () = self.clock.sleep(timeout) => Err(Fault::Late(timeout)),
        }
    }
}
