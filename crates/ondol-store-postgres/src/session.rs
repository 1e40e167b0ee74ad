//! One connection, and what may be said over it.
//!
//! Statements are prepared once a connection, or, behind a transaction pooler, sent whole every
//! time: there two transactions of one session may run on two connections of the server.
//! Dropping a session closes its connection.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ondol_doors::Clock;
use ondol_postgres::Link;
use tokio::task::JoinSet;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::PostgresOptions;
use crate::fault::Fault;
use crate::sql::{PLANNER, Statement};

/// A parameter of a statement.
pub(crate) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A connection.
pub(crate) struct Session {
    client: Client,
    prepared: Option<Mutex<HashMap<String, tokio_postgres::Statement>>>,
    /// Moves the bytes; ends, and is joined with, the session.
    _driver: JoinSet<Result<(), tokio_postgres::Error>>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

impl Session {
    /// Connects.
    pub(crate) async fn connect(
        options: &PostgresOptions,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, Fault> {
        let endpoint = options.endpoint().expect("the options are validated before they are used");
        let connecting = within(clock, options.connect_timeout(), endpoint.connect());
        let Link { client, driver } = connecting.await??;
        let session = Self {
            client,
            prepared: (!options.pooler).then(Mutex::default),
            _driver: driver,
            clock: Arc::clone(clock),
            timeout: options.transaction_timeout(),
        };
        if !options.pooler {
            session.run(PLANNER).await?;
        }
        Ok(session)
    }

    /// Whether the connection is known to be gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Prepares statements, so that what follows is sent without waiting for an answer first.
    pub(crate) async fn prepare(&self, statements: &[&Statement]) -> Result<(), Fault> {
        for statement in statements {
            self.prepared(statement).await?;
        }
        Ok(())
    }

    /// Says a statement and gathers its rows. Once prepared, it is sent when first polled.
    pub(crate) async fn query(
        &self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Fault> {
        let asked = async {
            match self.prepared(statement).await? {
                Some(prepared) => Ok(self.client.query(&prepared, parameters).await?),
                None => {
                    let typed: Vec<(Parameter<'_>, Type)> =
                        parameters.iter().copied().zip(statement.types.iter().cloned()).collect();
                    Ok(self.client.query_typed(&statement.text, &typed).await?)
                }
            }
        };
        within(&self.clock, self.timeout, asked).await?
    }

    /// Says statements without parameters or answers.
    pub(crate) async fn run(&self, text: &str) -> Result<(), Fault> {
        Ok(within(&self.clock, self.timeout, self.client.batch_execute(text)).await??)
    }

    async fn prepared(
        &self,
        statement: &Statement,
    ) -> Result<Option<tokio_postgres::Statement>, tokio_postgres::Error> {
        let Some(prepared) = &self.prepared else { return Ok(None) };
        let known = || prepared.lock().expect("nobody panics while holding the statements");
        if let Some(found) = known().get(&statement.text) {
            return Ok(Some(found.clone()));
        }
        let made = self.client.prepare_typed(&statement.text, &statement.types).await?;
        known().insert(statement.text.clone(), made.clone());
        Ok(Some(made))
    }
}

/// The outcome of a future, unless it takes too long.
pub(crate) async fn within<T>(
    clock: &Arc<dyn Clock>,
    timeout: Duration,
    future: impl Future<Output = T>,
) -> Result<T, Fault> {
    tokio::select! {
        biased;
        outcome = future => Ok(outcome),
        () = clock.sleep(timeout) => Err(Fault::Slow(timeout)),
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
