//! The port itself.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{
    Count, DefineError, Definition, Document, DocumentKey, Limits, LoadError, Loaded, Parked,
    Query, QueryError, QueryPage, RefusalBook, Selection, SourceCheckpoint, Target, Unit, ViewId,
    ViewStatus, Waiting, Write, WriteError,
};

/// A place where documents are kept with the checkpoints they were folded up to.
///
/// Every method may be called from any number of tasks. A write is made whole or not at all,
/// and dropping its future leaves it either made or not made; a read sees the state between two
/// writes, of one set of documents only. Where documents are kept, refusals are as well.
#[async_trait]
pub trait ViewStore: RefusalBook {
    /// What the store takes at most.
    fn limits(&self) -> &Limits;

    /// Changes whenever this process has written or swapped. Writes of other processes are not
    /// heard of here.
    fn watch(&self) -> watch::Receiver<u64>;

    /// Makes a set of documents; if it is there already and the same, leaves it as it is.
    async fn create(&self, definition: Definition) -> Result<(), DefineError>;

    /// Every set of documents, in the order of their ids.
    async fn list(&self) -> Result<Vec<ViewStatus>, LoadError>;

    /// From now on these documents answer for their view. Says which did before.
    async fn serve(&self, view: &ViewId) -> Result<Option<ViewId>, DefineError>;

    /// Throws away a set of documents with all that belongs to it, unless it answers for its
    /// view. Nothing is thrown away twice.
    async fn drop_view(&self, view: &ViewId) -> Result<(), DefineError>;

    /// Keeps documents, parked keys and checkpoints in one commit, if the checkpoints stand
    /// where the write expects them.
    async fn write(&self, write: Write) -> Result<(), WriteError>;

    /// Several documents of one set at once, with the checkpoints of the same moment.
    async fn load(&self, view: &ViewId, keys: Vec<DocumentKey>) -> Result<Loaded, LoadError>;

    /// One document, if it is there, and which set of documents has answered.
    async fn get(
        &self,
        target: &Target,
        key: &DocumentKey,
    ) -> Result<(ViewId, Option<Document>), LoadError>;

    /// One page of the documents that are asked for.
    async fn query(&self, target: &Target, query: Query) -> Result<QueryPage, QueryError>;

    /// How many documents a query would find in all, counted up to a limit.
    async fn count(&self, target: &Target, selection: Selection) -> Result<Count, QueryError>;

    /// How far each log has been folded in, and which set of documents has answered.
    async fn checkpoints(
        &self,
        target: &Target,
    ) -> Result<(ViewId, Vec<SourceCheckpoint>), LoadError>;

    /// What is parked, in the order of the units, after one of them.
    async fn parked(
        &self,
        view: &ViewId,
        after: Option<Unit>,
        limit: usize,
    ) -> Result<Vec<Parked>, LoadError>;

    /// What waits behind a parked unit, in order: at most what is kept by position.
    async fn waiting(&self, view: &ViewId, unit: &Unit) -> Result<Vec<Waiting>, LoadError>;
}
