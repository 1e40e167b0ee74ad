//! The store itself: each question and each write is a transaction of its own.

use std::sync::Arc;

use async_trait::async_trait;
use ondol_doors::Clock;
use ondol_kernel::Timestamp;
use ondol_lease::Fence;
use ondol_postgres::{Fault, Mode, Session, Sessions};
use ondol_timers::{
    BookName, Checkpoint, Limits, Place, ReadError, Timer, TimerId, TimerStore, Write, WriteError,
};
use tokio::sync::watch;

use crate::error::{read_error, unknown, write_error};
use crate::{OpenError, Options, schema, sql};

/// Timers kept in PostgreSQL. Cloning makes another handle to the same connections.
#[derive(Debug, Clone)]
pub struct PostgresTimers {
    options: Arc<Options>,
    sessions: Arc<Sessions>,
    written: Arc<watch::Sender<u64>>,
    fence: Option<Arc<dyn Fence>>,
}

impl PostgresTimers {
    /// Opens the schema, and makes it if there is none.
    ///
    /// # Errors
    /// When the database cannot be reached, or the schema belongs to somebody else.
    pub async fn open(options: Options, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        options.validate()?;
        let options = Arc::new(options);
        let sessions = Arc::new(Sessions::new(options.database(), clock));
        schema::prepare(&sessions).await?;
        Ok(Self { options, sessions, written: Arc::default(), fence: None })
    }

    /// The same, writing only while a lease is held: each transaction looks for itself.
    #[must_use]
    pub fn fenced(mut self, fence: Arc<dyn Fence>) -> Self {
        self.fence = Some(fence);
        self
    }

    /// Sees to it that nobody takes over before the transaction has ended, if that is to be seen to.
    async fn hold(&self, session: &Session) -> Result<(), WriteError> {
        let Some(fence) = &self.fence else { return Ok(()) };
        let statement = fence.statement().map_err(|error| WriteError::Overtaken(error.into()))?;
        let found = session.query(&statement, &[]).await.map_err(write_error)?;
        if found.is_empty() { Err(WriteError::Overtaken(Overtaken.into())) } else { Ok(()) }
    }

    async fn read<T, F>(&self, read: F) -> Result<T, ReadError>
    where
        F: AsyncFnOnce(&Session, &str) -> Result<T, Fault>,
    {
        let work =
            async |session: &Session| read(session, &self.options.schema).await.map_err(read_error);
        self.sessions.run(Mode::Read.begin(), read_error, read_error, work).await
    }

    async fn change<F>(&self, change: F) -> Result<(), WriteError>
    where
        F: AsyncFnOnce(&Session, &str) -> Result<(), WriteError>,
    {
        let work = async |session: &Session| {
            self.hold(session).await?;
            change(session, &self.options.schema).await
        };
        self.sessions.run(Mode::Fold.begin(), write_error, unknown, work).await?;
        self.written.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }
}

/// Another process has taken over.
#[derive(Debug, thiserror::Error)]
#[error("the lease that the write was to be made under has changed hands")]
struct Overtaken;

#[async_trait]
impl TimerStore for PostgresTimers {
    fn limits(&self) -> &Limits {
        &self.options.limits
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    async fn checkpoint(&self, book: &BookName) -> Result<Option<Checkpoint>, ReadError> {
        self.read(async |session, schema| sql::checkpoint(session, schema, book).await).await
    }

    async fn write(&self, write: Write) -> Result<(), WriteError> {
        write.check(&self.options.limits)?;
        self.change(async |session, schema| sql::write(session, schema, write).await).await
    }

    async fn settle(&self, book: &BookName, fired: Vec<Timer>) -> Result<(), WriteError> {
        self.options.limits.check_settle(fired.len())?;
        self.change(async |session, schema| {
            sql::settle(session, schema, book, &fired).await.map_err(write_error)
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
        let limit = limit.min(self.options.limits.page_timers_max);
        self.read(async |session, schema| {
            sql::due(session, schema, book, until, after, limit).await
        })
        .await
    }

    async fn next_due(&self, book: &BookName) -> Result<Option<Timestamp>, ReadError> {
        self.read(async |session, schema| sql::next_due(session, schema, book).await).await
    }

    async fn get(&self, book: &BookName, id: &TimerId) -> Result<Option<Timer>, ReadError> {
        self.read(async |session, schema| sql::get(session, schema, book, id).await).await
    }

    async fn count(&self, book: &BookName) -> Result<u64, ReadError> {
        self.read(async |session, schema| sql::count(session, schema, book).await).await
    }

    async fn clear(&self, book: &BookName) -> Result<(), WriteError> {
        self.change(async |session, schema| {
            sql::clear(session, schema, book).await.map_err(write_error)
        })
        .await
    }
}
