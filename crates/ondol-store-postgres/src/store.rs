//! A log on PostgreSQL, opened.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_doors::{Clock, Rng};
use ondol_kernel::{CommandId, Envelope, Position, StreamId};
use ondol_store::{
    Append, AppendError, Appended, BoxError, EventStore, Head, Limits, Outcome, Page, ReadAhead,
    ReadAll, ReadError, ReadStream, Replica, ReplicateError, Snapshot, SnapshotError,
};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::checked::check_server;
use crate::migrate::migrate;
use crate::names::StreamNames;
use crate::pool::Pool;
use crate::reads::{Reads, head};
use crate::session::Session;
use crate::sql::Sql;
use crate::supervisor::Supervisor;
use crate::watcher::Watcher;
use crate::writer::{AppendJob, Connection, Job, RecordedJob, Writer, stored};
use crate::{OpenError, PostgresOptions};

/// A log on PostgreSQL. Several processes may have the same one open.
pub struct PostgresStore {
    options: PostgresOptions,
    reads: Arc<Reads>,
    ahead: ReadAhead,
    jobs: mpsc::Sender<Job>,
    head: watch::Receiver<Head>,
    supervisor: Supervisor,
}

impl PostgresStore {
    /// Opens the log, and makes it if it is not there.
    ///
    /// # Errors
    /// When the options, the server or what is in the schema do not allow it; then nothing is
    /// written.
    pub async fn open(
        options: PostgresOptions,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, OpenError> {
        options.validate()?;
        let sql = Arc::new(Sql::new(&options.schema, options.transaction_timeout()));
        let session = Session::connect(&options, &clock).await?;
        check_server(&session).await?;
        migrate(&session, &options.schema, rng.id(clock.now())).await?;
        let connection = Connection::open(&options, &sql, &clock, &*rng).await?;
        let rows = session.query(&sql.head, &[]).await?;
        let now = head(&rows).map_err(|error| OpenError::Unavailable(error.into()))?;
        drop(session);
        Ok(Self::start(options, &sql, (clock, rng), connection, now))
    }

    fn start(
        options: PostgresOptions,
        sql: &Arc<Sql>,
        (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>),
        connection: Connection,
        now: Head,
    ) -> Self {
        let (heads, head) = watch::channel(now);
        let heads = Arc::new(heads);
        let (jobs, queue) = mpsc::channel(options.appends_waiting_max);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let watcher = Watcher {
            options: options.clone(),
            sql: Arc::clone(sql),
            clock: Arc::clone(&clock),
            heads: Arc::clone(&heads),
        };
        tasks.spawn(async move { Err(watcher.run().await) });
        let reads = Arc::new(Reads {
            pool: Pool::new(&options, &clock),
            sql: Arc::clone(sql),
            limits: options.limits,
            page_positions_max: options.page_positions_max,
            names: StreamNames::default(),
        });
        let why = Arc::default();
        let writer = Writer::new(options.clone(), sql, (clock, rng), (heads, &why), connection);
        tasks.spawn(writer.run(queue, stopped));
        let supervisor = Supervisor::over(tasks, stop, why);
        Self { options, reads, ahead: ReadAhead::default(), jobs, head, supervisor }
    }

    /// Writes what was asked for so far, then closes the log. Whoever asks later is refused.
    ///
    /// # Errors
    /// When the log had stopped before for another reason, which is told.
    pub async fn close(&self) -> Result<(), BoxError> {
        Ok(self.supervisor.close().await?)
    }

    fn ask(&self, job: Job) -> Result<(), AppendError> {
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => AppendError::Busy { most: self.options.appends_waiting_max },
            TrySendError::Closed(_) => self.stopped(),
        })
    }

    fn stopped(&self) -> AppendError {
        AppendError::Stopped(self.supervisor.why())
    }

    /// A log that has stopped is not read either: what it would say may be of another log.
    fn goes_on(&self) -> Result<(), ReadError> {
        self.supervisor.stopped().map_or(Ok(()), |why| Err(ReadError::Stopped(why.into())))
    }
}

#[async_trait]
impl EventStore for PostgresStore {
    fn limits(&self) -> &Limits {
        &self.options.limits
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check(&self.options.limits)?;
        let (reply, answer) = oneshot::channel();
        let events = append.writes.iter().flat_map(|write| &write.events);
        let metadata = events.map(|event| stored(&event.metadata)).collect();
        self.ask(Job::Append(AppendJob { append, metadata, reply }))?;
        answer.await.map_err(|_closed| self.stopped())?
    }

    async fn read_stream(&self, read: ReadStream) -> Result<Vec<Envelope>, ReadError> {
        self.goes_on()?;
        self.reads.stream(&read).await
    }

    async fn read_all(&self, read: ReadAll) -> Result<Page, ReadError> {
        self.goes_on()?;
        let start = |into: &mut JoinSet<_>, read: ReadAll| {
            let reads = Arc::clone(&self.reads);
            into.spawn(async move { reads.all(&read).await });
        };
        self.ahead.read(read, &self.options.limits, start).await
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.goes_on()?;
        self.reads.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    async fn outcome(&self, command: CommandId) -> Result<Option<Outcome>, ReadError> {
        self.goes_on()?;
        self.reads.outcome(command).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.reads.save_snapshot(&snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        self.reads.load_snapshot(stream, fold).await
    }
}

#[async_trait]
impl Replica for PostgresStore {
    async fn append_recorded(&self, events: Vec<Envelope>) -> Result<Position, ReplicateError> {
        let (reply, answer) = oneshot::channel();
        let metadata = events.iter().map(|event| stored(&event.metadata)).collect();
        self.ask(Job::Recorded(RecordedJob { events, metadata, reply }))?;
        answer.await.map_err(|_closed| self.stopped())?
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("options", &self.options)
            .field("head", &*self.head.borrow())
            .finish_non_exhaustive()
    }
}
