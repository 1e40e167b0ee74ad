//! Those who read: a few connections, each used by one read at a time, off the runtime's threads.

use std::sync::{Arc, Mutex, PoisonError};

use ondol_views::{BoxError, LoadError};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::Options;
use crate::error::{Panicked, Stopped};
use crate::schema::open_reader;

#[derive(Debug, Clone)]
pub(crate) struct Readers {
    options: Arc<Options>,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(crate) fn new(options: Arc<Options>) -> Self {
        let permits = Arc::new(Semaphore::new(options.readers_max));
        Self { options, permits, idle: Arc::default() }
    }

    /// Reads over a connection, all of it in one transaction: no write comes in between.
    pub(crate) async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<LoadError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let unavailable = |source: BoxError| E::from(LoadError::Unavailable(source));
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_closed| unavailable(Stopped.into()))?;
        let readers = self.clone();
        let work = move || {
            let outcome = readers.read_here(read);
            drop(permit);
            outcome
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|_panic| Err(unavailable(Panicked.into())))
    }

    fn read_here<T, E: From<LoadError>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let unavailable =
            |error: rusqlite::Error| E::from(LoadError::Unavailable(BoxError::from(error)));
        let connection = match self.take() {
            Some(connection) => connection,
            None => open_reader(&self.options).map_err(unavailable)?,
        };
        let transaction = connection.unchecked_transaction().map_err(unavailable)?;
        let outcome = read(&transaction);
        transaction.finish().map_err(unavailable)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        outcome
    }

    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}
