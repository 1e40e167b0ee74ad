//! What a reaction keeps beside the service's views: checkpoints, what is parked, what people have
//! decided, what was sent.

use std::sync::Arc;

use ondol_doors::Clock;
use ondol_kernel::Position;
use ondol_views::{
    Advance, Change, Checkpoint, DefineError, Definition, Document, DocumentKey, KeySpan,
    LastEvent, LoadError, NameError, Parked, Parking, Query, QueryError, Selection, SourceName,
    Target, Unit, ViewId, ViewStore, Waiting, Write, WriteError,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::decision::{Decision, Decisions};

/// How many parked streams are read at a time.
const PARKED_PAGE: usize = 500;

/// What a reaction keeps. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Book {
    views: Arc<dyn ViewStore>,
    view: ViewId,
}

/// Why something could not be kept or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// It cannot be read.
    #[error("what a reaction has kept cannot be read")]
    Load(#[from] LoadError),
    /// It cannot be listed.
    #[error("what a reaction has kept cannot be listed")]
    Query(#[from] QueryError),
    /// It cannot be written.
    #[error("what a reaction keeps cannot be written")]
    Write(#[from] WriteError),
    /// There is no place for it.
    #[error("a reaction has no place to keep anything")]
    Define(#[from] DefineError),
    /// It cannot be named.
    #[error("what a reaction keeps cannot be named")]
    Name(#[from] NameError),
    /// It is not what was written.
    #[error("what a reaction has kept is not what was written")]
    Unreadable(#[from] serde_json::Error),
}

impl BookError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        "reaction-book"
    }
}

impl Book {
    pub(super) const fn of(views: Arc<dyn ViewStore>, view: ViewId) -> Self {
        Self { views, view }
    }

    /// Opens it, and says how far each feed has been dealt with.
    pub(super) async fn open(
        &self,
        sources: &[SourceName],
        clock: &dyn Clock,
    ) -> Result<Vec<Option<Checkpoint>>, BookError> {
        let id = self.view.clone();
        let definition = Definition { id, indexes: Vec::new(), fold: 1, made: clock.now() };
        self.views.create(definition).await?;
        let (_, kept) = self.views.checkpoints(&self.target()).await?;
        let of = |source: &SourceName| ondol_views::checkpoint_of(&kept, source);
        Ok(sources.iter().map(of).collect())
    }

    pub(super) fn parked_max(&self) -> usize {
        self.views.limits().parked_max
    }

    pub(super) fn waiting_max(&self) -> usize {
        self.views.limits().waiting_max
    }

    /// Everything that is parked.
    pub(super) async fn parked(&self) -> Result<Vec<Parked>, BookError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.views.parked(&self.view, after, PARKED_PAGE).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = Some(last.unit.clone());
            all.extend(page);
        }
    }

    pub(super) async fn parked_page(
        &self,
        after: Option<Unit>,
        limit: usize,
    ) -> Result<Vec<Parked>, BookError> {
        Ok(self.views.parked(&self.view, after, limit).await?)
    }

    pub(super) async fn waiting(&self, unit: &Unit) -> Result<Vec<Waiting>, BookError> {
        Ok(self.views.waiting(&self.view, unit).await?)
    }

    /// Keeps checkpoints and what is parked, in one commit.
    pub(super) async fn save(
        &self,
        advances: Vec<Advance>,
        parking: Vec<Parking>,
    ) -> Result<(), WriteError> {
        let write = Write { advances, parking, ..Write::to(self.view.clone()) };
        self.views.write(write).await
    }

    /// What was decided about the events of a position.
    pub(super) async fn decisions(
        &self,
        source: &SourceName,
        position: Position,
    ) -> Result<Decisions, BookError> {
        let found = self.get(&decision_key(source, position)).await?;
        Ok(found.unwrap_or_default())
    }

    /// Keeps what somebody has decided, for good.
    pub(super) async fn decide(
        &self,
        source: &SourceName,
        position: Position,
        decision: Decision,
    ) -> Result<(), BookError> {
        let mut decisions = self.decisions(source, position).await?;
        decisions.position = position;
        decisions.add(decision);
        let last = LastEvent { source: source.clone(), position };
        self.put(&decision_key(source, position), &decisions, last).await
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, BookError> {
        let key = DocumentKey::new(key)?;
        let (_, document) = self.views.get(&self.target(), &key).await?;
        document.map(|found| Ok(serde_json::from_str(&found.json)?)).transpose()
    }

    /// Keeps a document so that it outlives a power cut.
    pub(super) async fn put<T: Serialize>(
        &self,
        key: &str,
        value: &T,
        last: LastEvent,
    ) -> Result<(), BookError> {
        let key = DocumentKey::new(key)?;
        let json = serde_json::to_string(value)?;
        let (_, before) = self.views.get(&self.target(), &key).await?;
        let document = Document { key, json, entries: Vec::new(), last };
        let before = before.map(|document| document.entries);
        let changes = vec![Change::put(document, before.as_deref())];
        let write = Write { changes, is_decision: true, ..Write::to(self.view.clone()) };
        Ok(self.views.write(write).await?)
    }

    /// The documents whose keys begin with a text, at most so many.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        beginning: &str,
        limit: usize,
    ) -> Result<Vec<(String, T)>, BookError> {
        let selection = Selection::Keys(KeySpan::beginning_with(beginning));
        let page = self.views.query(&self.target(), Query::of(selection, limit)).await?;
        let read =
            |found: Document| Ok((found.key.to_string(), serde_json::from_str(&found.json)?));
        page.documents.into_iter().map(read).collect()
    }

    fn target(&self) -> Target {
        Target::Exactly(self.view.clone())
    }
}

/// What the decisions about a position are kept under: in the order of the positions.
fn decision_key(source: &SourceName, position: Position) -> String {
    format!("decision/{source}/{:020}", position.get())
}
