//! The store itself: questions go to those who read, everything else to the one who writes.

use std::sync::Arc;

use async_trait::async_trait;
use ondol_kernel::{CommandId, Timestamp};
use ondol_views::{
    Count, DefineError, Definition, Document, DocumentKey, Faults, KeptRefusal, Limits, LoadError,
    Loaded, NoFaults, Parked, Query, QueryError, QueryPage, RefusalBook, RefusalError, Selection,
    SourceCheckpoint, Target, Unit, ViewId, ViewStatus, ViewStore, Waiting, Write, WriteError,
};
use rusqlite::{Connection, Transaction};
use tokio::sync::watch;

use crate::readers::Readers;
use crate::refusals::Refusals;
use crate::sql::{self, Known};
use crate::writer::Writer;
use crate::{OpenError, Options, ProjectError, error, schema};

/// Views kept in a file of SQLite. Cloning makes another handle to the same file.
#[derive(Debug, Clone)]
pub struct SqliteViews {
    options: Arc<Options>,
    writer: Writer,
    readers: Readers,
    refusals: Refusals,
    faults: Arc<dyn Faults>,
    written: Arc<watch::Sender<u64>>,
}

impl SqliteViews {
    /// Opens the file, and makes it if there is none.
    ///
    /// # Errors
    /// When it cannot be opened or belongs to somebody else.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        Self::open_with_faults(options, Arc::new(NoFaults))
    }

    /// Opens the file so that its writes can be made to fail.
    ///
    /// # Errors
    /// When it cannot be opened or belongs to somebody else.
    pub fn open_with_faults(options: Options, faults: Arc<dyn Faults>) -> Result<Self, OpenError> {
        options.validate()?;
        let connection = schema::open_writer(&options)?;
        let writer = Writer::start(connection, options.queue_max).map_err(|source| {
            OpenError::Unavailable { path: options.path.clone(), source: source.into() }
        })?;
        let refusals = Refusals::open(&options)?;
        let options = Arc::new(options);
        let readers = Readers::new(Arc::clone(&options));
        let written = Arc::new(watch::Sender::default());
        Ok(Self { options, writer, readers, refusals, faults, written })
    }

    /// Makes a write and runs statements of one's own in the same transaction: the door for a
    /// projection in SQL. Tables of one's own may have any name that does not begin with
    /// `ondol_`, `documents_` or `entries_`.
    ///
    /// # Errors
    /// When the statements fail or the write is not made; then neither is.
    pub async fn write_with<T, F>(&self, write: Write, statements: F) -> Result<T, ProjectError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        write.check(&self.options.limits).map_err(WriteError::from)?;
        let faults = Arc::clone(&self.faults);
        let work = move |connection: &mut Connection| {
            sql::write::write(connection, write, faults.as_ref(), statements)
        };
        let answer = self.writer.run(work).await?;
        self.has_written();
        Ok(answer)
    }

    /// Reads with statements of one's own, in one transaction.
    ///
    /// # Errors
    /// When the statements fail.
    pub async fn read_with<T, F>(&self, statements: F) -> Result<T, LoadError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let read = |connection: &Connection| {
            statements(connection).map_err(|error| LoadError::Unavailable(error.into()))
        };
        self.readers.read(read).await
    }

    fn has_written(&self) {
        self.written.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Reads from the set of documents that is asked for, as it stands at one moment.
    async fn read<T, F>(&self, target: &Target, read: F) -> Result<T, LoadError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, Known) -> rusqlite::Result<T> + Send + 'static,
    {
        let target = target.clone();
        let read = move |connection: &Connection| {
            let known = sql::resolve(connection, &target)?;
            read(connection, known).map_err(|error| error::load_error(&target, error))
        };
        self.readers.read(read).await
    }

    /// The same for a question that may be asked wrongly.
    async fn ask<T, F>(&self, target: &Target, ask: F) -> Result<T, QueryError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, Known, &Target) -> Result<T, QueryError> + Send + 'static,
    {
        let target = target.clone();
        let read = move |connection: &Connection| {
            let known = sql::resolve(connection, &target)?;
            ask(connection, known, &target)
        };
        self.readers.read(read).await
    }
}

#[async_trait]
impl RefusalBook for SqliteViews {
    async fn recall(
        &self,
        command: CommandId,
        now: Timestamp,
    ) -> Result<Option<KeptRefusal>, RefusalError> {
        Ok(self.refusals.recall(command, now))
    }

    async fn keep(&self, refusal: KeptRefusal) -> Result<KeptRefusal, RefusalError> {
        self.refusals.keep(refusal).await
    }
}

#[async_trait]
impl ViewStore for SqliteViews {
    fn limits(&self) -> &Limits {
        &self.options.limits
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    async fn create(&self, definition: Definition) -> Result<(), DefineError> {
        definition.check(&self.options.limits)?;
        self.writer.run(move |connection| sql::define::create(connection, &definition)).await
    }

    async fn list(&self) -> Result<Vec<ViewStatus>, LoadError> {
        let read = |connection: &Connection| {
            sql::define::list(connection).map_err(|error| LoadError::Unavailable(error.into()))
        };
        self.readers.read(read).await
    }

    async fn serve(&self, view: &ViewId) -> Result<Option<ViewId>, DefineError> {
        let view = view.clone();
        let before =
            self.writer.run(move |connection| sql::define::serve(connection, &view)).await?;
        self.has_written();
        Ok(before)
    }

    async fn drop_view(&self, view: &ViewId) -> Result<(), DefineError> {
        let view = view.clone();
        self.writer.run(move |connection| sql::define::drop_view(connection, &view)).await
    }

    async fn write(&self, write: Write) -> Result<(), WriteError> {
        self.write_with(write, |_transaction| Ok(())).await.map_err(|error| match error {
            ProjectError::Write(error) => error,
            ProjectError::Statement(error) => WriteError::Unavailable(error.into()),
        })
    }

    async fn load(&self, view: &ViewId, keys: Vec<DocumentKey>) -> Result<Loaded, LoadError> {
        self.options.limits.check_load(keys.len())?;
        let target = Target::Exactly(view.clone());
        self.read(&target, move |connection, known| {
            let checkpoints = sql::read::checkpoints(connection, known.table)?;
            let documents = sql::read::documents(connection, known.table, &keys)?;
            Ok(Loaded { checkpoints, documents })
        })
        .await
    }

    async fn get(
        &self,
        target: &Target,
        key: &DocumentKey,
    ) -> Result<(ViewId, Option<Document>), LoadError> {
        let key = key.clone();
        self.read(target, move |connection, known| {
            let mut found = sql::read::documents(connection, known.table, &[key])?;
            Ok((known.definition.id, found.pop().flatten()))
        })
        .await
    }

    async fn query(&self, target: &Target, query: Query) -> Result<QueryPage, QueryError> {
        let limits = self.options.limits;
        self.ask(target, move |connection, known, target| {
            let invalid = |source| QueryError::Invalid { view: target.clone(), source };
            let scan = query.scan(&known.definition.indexes, &limits).map_err(invalid)?;
            let found = sql::scan::page(connection, known.table, &scan)
                .map_err(|error| error::load_error(target, error))?;
            Ok(query.page(known.definition.id, &scan, found))
        })
        .await
    }

    async fn count(&self, target: &Target, selection: Selection) -> Result<Count, QueryError> {
        let limits = self.options.limits;
        self.ask(target, move |connection, known, target| {
            let invalid = |source| QueryError::Invalid { view: target.clone(), source };
            let (index, span) = selection.resolve(&known.definition.indexes).map_err(invalid)?;
            let most = limits.counted_max;
            let found = sql::scan::count(connection, known.table, index, &span, most)
                .map_err(|error| error::load_error(target, error))?;
            Ok(Count::of(found, &limits))
        })
        .await
    }

    async fn checkpoints(
        &self,
        target: &Target,
    ) -> Result<(ViewId, Vec<SourceCheckpoint>), LoadError> {
        self.read(target, |connection, known| {
            Ok((known.definition.id, sql::read::checkpoints(connection, known.table)?))
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
        self.read(&target, move |connection, known| {
            sql::read::parked(connection, known.table, after.as_ref(), limit)
        })
        .await
    }

    async fn waiting(&self, view: &ViewId, unit: &Unit) -> Result<Vec<Waiting>, LoadError> {
        let (target, unit) = (Target::Exactly(view.clone()), unit.clone());
        self.read(&target, move |connection, known| {
            sql::read::waiting(connection, known.table, &unit)
        })
        .await
    }
}
