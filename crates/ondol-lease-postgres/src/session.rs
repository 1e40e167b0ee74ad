//! Connections, each used by one transaction at a time.
//!
//! A connection goes back to the others only when its transaction has come to its end. One on
//! which anything went wrong, or whose user has gone away in the middle, is closed, and the
//! server rolls back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ondol_doors::Clock;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};

use crate::Options;
use crate::error::Fault;

/// A parameter of a statement, with its type, so that nothing needs to be prepared.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    /// Moves the bytes, and ends with the session.
    _driver: JoinSet<Result<(), tokio_postgres::Error>>,
}

/// The connections.
#[derive(Debug)]
pub(crate) struct Sessions {
    options: Arc<Options>,
    clock: Arc<dyn Clock>,
    permits: Semaphore,
    idle: Mutex<Vec<Session>>,
}

/// How a transaction begins. Its commit waits for the disk: an epoch that the server forgets in a
/// crash could be given out twice. It reads what is committed, not one snapshot, so that whoever
/// has waited for a row's lock sees the row as it is then.
fn begin(options: &Options) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on;
         SET LOCAL idle_in_transaction_session_timeout = {}",
        options.paused_timeout_ms
    )
}

impl Session {
    async fn connect(options: &Options, clock: &dyn Clock) -> Result<Self, Fault> {
        let config = options.config().expect("the options are validated before they are used");
        let connecting = within(clock, options.connect_timeout(), config.connect(NoTls));
        let (client, connection) = connecting.await??;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { client, _driver: driver })
    }

    pub(crate) async fn query(
        &self,
        text: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Fault> {
        Ok(self.client.query_typed(text, parameters).await?)
    }

    pub(crate) async fn execute(
        &self,
        text: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Fault> {
        Ok(self.client.execute_typed(text, parameters).await?)
    }
}

impl Sessions {
    pub(crate) fn new(options: Arc<Options>, clock: Arc<dyn Clock>) -> Self {
        let permits = Semaphore::new(options.connections_max);
        Self { options, clock, permits, idle: Mutex::default() }
    }

    /// Does something in a transaction of its own, within the time there is. What fails is
    /// rolled back. `commit` says what a commit means whose answer did not come.
    pub(crate) async fn run<T, E, F>(
        &self,
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
            None => Session::connect(&self.options, self.clock.as_ref()).await.map_err(&fault)?,
        };
        let begin = begin(&self.options);
        let clock = self.clock.as_ref();
        let timeout = self.options.transaction_timeout();
        let begun = within(clock, timeout, session.client.batch_execute(&begin));
        begun.await.and_then(|begun| begun.map_err(Fault::from)).map_err(&fault)?;
        let answer = within(clock, timeout, work(&session)).await.map_err(&fault)??;
        let committed = within(clock, timeout, session.client.batch_execute("COMMIT")).await;
        committed.and_then(|done| done.map_err(Fault::from)).map_err(unknown)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        Ok(answer)
    }

    fn take(&self) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(|session| !session.client.is_closed())
    }
}

async fn within<T>(
    clock: &dyn Clock,
    timeout: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Fault> {
    tokio::select! {
        answer = work => Ok(answer),
        () = clock.sleep(timeout) => Err(Fault::Late(timeout)),
    }
}
