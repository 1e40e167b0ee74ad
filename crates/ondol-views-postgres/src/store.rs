//! The store itself: each question and each write is a transaction of its own.

use std::sync::Arc;

use async_trait::async_trait;
use ondol_doors::Clock;
use ondol_lease::Fence;
use ondol_postgres::{Fault, Mode, Session, Sessions};
use ondol_views::{
    BoxError, Count, DefineError, Definition, Document, DocumentKey, Faults, Limits, LoadError,
    Loaded, NoFaults, Parked, Query, QueryError, QueryPage, Selection, SourceCheckpoint, Step,
    Target, Unit, ViewId, ViewStatus, ViewStore, Waiting, Write, WriteError,
};
use tokio::sync::watch;
use tokio_postgres::Client;

use crate::error::{FromFault, load_error};
use crate::sql::{self, Known};
use crate::{OpenError, Options, ProjectError, schema};

/// Views kept in PostgreSQL. Cloning makes another handle to the same connections.
#[derive(Debug, Clone)]
pub struct PostgresViews {
    options: Arc<Options>,
    sessions: Arc<Sessions>,
    faults: Arc<dyn Faults>,
    written: Arc<watch::Sender<u64>>,
    fence: Option<Arc<dyn Fence>>,
}

impl PostgresViews {
    /// Opens the schema, and makes it if there is none.
    ///
    /// # Errors
    /// When the database cannot be reached, or the schema belongs to somebody else.
    pub async fn open(options: Options, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_with_faults(options, clock, Arc::new(NoFaults)).await
    }

    /// Opens the schema so that its writes can be made to fail.
    ///
    /// # Errors
    /// When the database cannot be reached, or the schema belongs to somebody else.
    pub async fn open_with_faults(
        options: Options,
        clock: Arc<dyn Clock>,
        faults: Arc<dyn Faults>,
    ) -> Result<Self, OpenError> {
        options.validate()?;
        let options = Arc::new(options);
        let sessions = Arc::new(Sessions::new(options.database(), clock));
        schema::prepare(&sessions).await?;
        let written = Arc::new(watch::Sender::default());
        Ok(Self { options, sessions, faults, written, fence: None })
    }

    /// The same, writing only while a lease is held: each transaction looks for itself. What is read
    /// is read by everybody.
    #[must_use]
    pub fn fenced(mut self, fence: Arc<dyn Fence>) -> Self {
        self.fence = Some(fence);
        self
    }

    /// Makes a write and runs statements of one's own in the same transaction: the door for a
    /// projection in SQL. The statements must not end the transaction.
    ///
    /// # Errors
    /// When the statements fail or the write is not made; then neither is.
    pub async fn write_with<T, F>(&self, write: Write, statements: F) -> Result<T, ProjectError>
    where
        F: AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    {
        write.check(&self.options.limits).map_err(WriteError::from)?;
        let mode = if write.is_decision { Mode::Decide } else { Mode::Fold };
        let unknown = |fault: Fault| WriteError::Unknown(fault.into()).into();
        let work = async |session: &Session| {
            self.hold(session, WriteError::of, WriteError::Overtaken).await?;
            let (schema, faults) = (&self.options.schema, self.faults.as_ref());
            sql::write::write(session, schema, write, faults, statements).await
        };
        let answer = self.sessions.run(mode.begin(), ProjectError::of, unknown, work).await?;
        self.has_written();
        self.faults.at(Step::AfterCommit).map_err(WriteError::Unknown)?;
        Ok(answer)
    }

    /// Sees to it that nobody takes over before the transaction has ended, if that is to be seen to.
    async fn hold<E>(
        &self,
        session: &Session,
        failed: impl FnOnce(Fault) -> E,
        overtaken: impl Fn(BoxError) -> E,
    ) -> Result<(), E> {
        let Some(fence) = &self.fence else { return Ok(()) };
        let statement = fence.statement().map_err(|error| overtaken(error.into()))?;
        let found = session.query(&statement, &[]).await.map_err(failed)?;
        if found.is_empty() { Err(overtaken(Overtaken.into())) } else { Ok(()) }
    }

    fn has_written(&self) {
        self.written.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Reads from the set of documents that is asked for, as it stands at one moment.
    async fn read<T, F>(&self, target: &Target, read: F) -> Result<T, LoadError>
    where
        F: AsyncFnOnce(&Session, &str, Known) -> Result<T, Fault>,
    {
        let work = async |session: &Session| {
            let known = sql::resolve(session, &self.options.schema, target).await?;
            let answer = read(session, &self.options.schema, known).await;
            answer.map_err(|fault| load_error(target, fault))
        };
        self.sessions.run(Mode::Read.begin(), LoadError::of, LoadError::of, work).await
    }

    async fn define<T, F>(&self, work: F) -> Result<T, DefineError>
    where
        F: AsyncFnOnce(&Session, &str) -> Result<T, DefineError>,
    {
        let work = async |session: &Session| {
            self.hold(session, DefineError::of, DefineError::Overtaken).await?;
            work(session, &self.options.schema).await
        };
        self.sessions.run(Mode::Decide.begin(), DefineError::of, DefineError::of, work).await
    }
}

/// Another process has taken over.
#[derive(Debug, thiserror::Error)]
#[error("the lease that the write was to be made under has changed hands")]
struct Overtaken;

#[async_trait]
impl ViewStore for PostgresViews {
    fn limits(&self) -> &Limits {
        &self.options.limits
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    async fn create(&self, definition: Definition) -> Result<(), DefineError> {
        definition.check(&self.options.limits)?;
        self.define(async |session, schema| sql::define::create(session, schema, &definition).await)
            .await
    }

    async fn list(&self) -> Result<Vec<ViewStatus>, LoadError> {
        let work = async |session: &Session| {
            let listed = sql::define::list(session, &self.options.schema).await;
            listed.map_err(LoadError::of)
        };
        self.sessions.run(Mode::Read.begin(), LoadError::of, LoadError::of, work).await
    }

    async fn serve(&self, view: &ViewId) -> Result<Option<ViewId>, DefineError> {
        let serve =
            async |session: &Session, schema: &str| sql::define::serve(session, schema, view).await;
        let before = self.define(serve).await?;
        self.has_written();
        Ok(before)
    }

    async fn drop_view(&self, view: &ViewId) -> Result<(), DefineError> {
        self.define(async |session, schema| sql::define::drop_view(session, schema, view).await)
            .await
    }

    async fn write(&self, write: Write) -> Result<(), WriteError> {
        let nothing = async |_client: &Client| Ok(());
        self.write_with(write, nothing).await.map_err(|error| match error {
            ProjectError::Write(error) => error,
            ProjectError::Statement(error) => WriteError::Unavailable(error.into()),
        })
    }

    async fn load(&self, view: &ViewId, keys: Vec<DocumentKey>) -> Result<Loaded, LoadError> {
        self.options.limits.check_load(keys.len())?;
        let target = Target::Exactly(view.clone());
        self.read(&target, async |session, schema, known| {
            let checkpoints = sql::read::checkpoints(session, schema, known.table).await?;
            let documents = sql::read::documents(session, schema, known.table, &keys).await?;
            Ok(Loaded { checkpoints, documents })
        })
        .await
    }

    async fn get(
        &self,
        target: &Target,
        key: &DocumentKey,
    ) -> Result<(ViewId, Option<Document>), LoadError> {
        self.read(target, async |session, schema, known| {
            let keys = std::slice::from_ref(key);
            let mut found = sql::read::documents(session, schema, known.table, keys).await?;
            Ok((known.definition.id, found.pop().flatten()))
        })
        .await
    }

    async fn query(&self, target: &Target, query: Query) -> Result<QueryPage, QueryError> {
        let limits = self.options.limits;
        let answer = self.read(target, async |session, schema, known| {
            let scan = match query.scan(&known.definition.indexes, &limits) {
                Ok(scan) => scan,
                Err(source) => {
                    return Ok(Err(QueryError::Invalid { view: target.clone(), source }));
                }
            };
            let found = sql::scan::page(session, schema, known.table, &scan).await?;
            Ok(Ok(query.page(known.definition.id, &scan, found)))
        });
        answer.await?
    }

    async fn count(&self, target: &Target, selection: Selection) -> Result<Count, QueryError> {
        let limits = self.options.limits;
        let answer = self.read(target, async |session, schema, known| {
            let what = match selection.resolve(&known.definition.indexes) {
                Ok(what) => what,
                Err(source) => {
                    return Ok(Err(QueryError::Invalid { view: target.clone(), source }));
                }
            };
            let most = limits.counted_max;
            let found = sql::scan::count(session, schema, known.table, what, most).await?;
            Ok(Ok(Count::of(found, &limits)))
        });
        answer.await?
    }

    async fn checkpoints(
        &self,
        target: &Target,
    ) -> Result<(ViewId, Vec<SourceCheckpoint>), LoadError> {
        self.read(target, async |session, schema, known| {
            let found = sql::read::checkpoints(session, schema, known.table).await?;
            Ok((known.definition.id, found))
        })
        .await
    }

    async fn parked(
        &self,
        view: &ViewId,
        after: Option<Unit>,
        limit: usize,
    ) -> Result<Vec<Parked>, LoadError> {
        let target = Target::Exactly(view.clone());
        self.read(&target, async |session, schema, known| {
            sql::read::parked(session, schema, known.table, after.as_ref(), limit).await
        })
        .await
    }

    async fn waiting(&self, view: &ViewId, unit: &Unit) -> Result<Vec<Waiting>, LoadError> {
        let target = Target::Exactly(view.clone());
        self.read(&target, async |session, schema, known| {
            sql::read::waiting(session, schema, known.table, unit).await
        })
        .await
    }
}
