//! The store itself: one connection, used by one at a time, off the runtime's threads.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ondol_kernel::Timestamp;
use ondol_timers::{
    BookName, Checkpoint, Limits, Place, ReadError, Timer, TimerId, TimerStore, Write, WriteError,
};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{Semaphore, watch};

use crate::error::Fault;
use crate::{OpenError, Options, file, sql};

/// Timers kept in a file of SQLite. Cloning makes another handle to the same file.
#[derive(Debug, Clone)]
pub struct SqliteTimers {
    limits: Limits,
    connection: Arc<Mutex<Connection>>,
    turn: Arc<Semaphore>,
    written: Arc<watch::Sender<u64>>,
}

impl SqliteTimers {
    /// Opens the file, and makes it if there is none.
    ///
    /// # Errors
    /// When it cannot be opened or belongs to somebody else.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        options.validate()?;
        let connection = Arc::new(Mutex::new(file::open(options)?));
        let (turn, written) = (Arc::new(Semaphore::new(1)), Arc::default());
        Ok(Self { limits: options.limits, connection, turn, written })
    }

    /// Does something over the connection when it is one's turn. Whoever asked may have gone
    /// meanwhile; it is done all the same.
    async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fault,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let turn = turn.map_err(|closed| E::unavailable(closed.into()))?;
        let connection = Arc::clone(&self.connection);
        let work = move || {
            // Whoever panicked has rolled back on the way.
            let outcome = work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner));
            drop(turn);
            outcome
        };
        let outcome = tokio::task::spawn_blocking(work).await;
        outcome.unwrap_or_else(|panic| Err(E::unavailable(panic.into())))
    }

    async fn read<T, F>(&self, read: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.run(move |connection| {
            let transaction = connection.transaction().map_err(ReadError::of)?;
            read(&transaction).map_err(ReadError::of)
        })
        .await
    }

    async fn change<F>(&self, change: F) -> Result<(), WriteError>
    where
        F: FnOnce(&Connection) -> Result<(), WriteError> + Send + 'static,
    {
        let change = move |connection: &mut Connection| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(WriteError::of)?;
            change(&transaction)?;
            transaction.commit().map_err(WriteError::of)
        };
        self.run(change).await?;
        self.written.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }
}

#[async_trait]
impl TimerStore for SqliteTimers {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    async fn checkpoint(&self, book: &BookName) -> Result<Option<Checkpoint>, ReadError> {
        let book = book.clone();
        let kept = self.read(move |connection| sql::book(connection, &book)).await?;
        Ok(kept.map(|(_id, checkpoint)| checkpoint))
    }

    async fn write(&self, write: Write) -> Result<(), WriteError> {
        write.check(&self.limits)?;
        self.change(|connection| sql::write(connection, write)).await
    }

    async fn settle(&self, book: &BookName, fired: Vec<Timer>) -> Result<(), WriteError> {
        self.limits.check_settle(fired.len())?;
        let book = book.clone();
        self.change(move |connection| {
            sql::settle(connection, &book, &fired).map_err(WriteError::of)
        })
        .await
    }

    async fn due(
        &self,
        book: &BookName,
        until: Timestamp,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadError> {
        let (book, limit) = (book.clone(), limit.min(self.limits.page_timers_max));
        self.read(move |connection| sql::due(connection, &book, until, after, limit)).await
    }

    async fn next_due(&self, book: &BookName) -> Result<Option<Timestamp>, ReadError> {
        let book = book.clone();
        self.read(move |connection| sql::next_due(connection, &book)).await
    }

    async fn get(&self, book: &BookName, id: &TimerId) -> Result<Option<Timer>, ReadError> {
        let (book, id) = (book.clone(), id.clone());
        self.read(move |connection| sql::get(connection, &book, &id)).await
    }

    async fn count(&self, book: &BookName) -> Result<u64, ReadError> {
        let book = book.clone();
        self.read(move |connection| sql::count(connection, &book)).await
    }

    async fn clear(&self, book: &BookName) -> Result<(), WriteError> {
        let book = book.clone();
        self.change(move |connection| sql::clear(connection, &book).map_err(WriteError::of)).await
    }
}
