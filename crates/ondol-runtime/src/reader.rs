//! Reads the documents of a view, typed, and waits for what one has written.

mod error;
mod question;
mod wait;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use ondol_domain::View;
use ondol_doors::Clock;
use ondol_kernel::Position;
use ondol_store::Head;
use ondol_views::{
    Checkpoint, Count, Document, DocumentKey, NameError, Selection, SourceCheckpoint, SourceName,
    Target, ViewName, ViewStore, WaitError,
};

use crate::service::{Home, Place};

pub use error::AskError;
pub use question::Question;
pub(crate) use wait::wait_for;

/// How views are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderOptions {
    /// How long a query waits at most for a view to reach what it asks to see.
    pub wait_longest: Duration,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self { wait_longest: Duration::from_secs(2) }
    }
}

/// Reads the documents of a view. Cheap to clone.
pub struct ViewReader<V> {
    views: Arc<dyn ViewStore>,
    clock: Arc<dyn Clock>,
    target: Target,
    /// The service's own log, if the view is folded from it.
    source: Option<SourceName>,
    options: ReaderOptions,
    of: PhantomData<fn() -> V>,
}

/// A document that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<V> {
    /// Which one.
    pub key: DocumentKey,
    /// What has been folded.
    pub state: V,
    /// The position of the last event that was folded in.
    pub last: Position,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPage<V> {
    /// The documents, in order.
    pub documents: Vec<Found<V>>,
    /// What to go on after, if there is more.
    pub next: Option<String>,
}

impl<V: View> ViewReader<V> {
    pub(crate) fn new(home: &Home, place: &Place, is_own: bool) -> Result<Self, NameError> {
        Ok(Self {
            views: Arc::clone(&home.views),
            clock: Arc::clone(&home.ground.clock),
            target: Target::Serving(ViewName::new(V::NAME)?),
            source: is_own.then(|| place.source.clone()),
            options: place.options.reader.clone(),
            of: PhantomData,
        })
    }

    /// One document, if it is there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn get(&self, key: &str) -> Result<Option<Found<V>>, AskError> {
        let Ok(key) = DocumentKey::new(key) else { return Ok(None) };
        let (_build, document) = self.views.get(&self.target, &key).await?;
        document.map(|document| self.read(document)).transpose()
    }

    /// One page of the documents that are asked for.
    ///
    /// # Errors
    /// When the question cannot be answered, or the documents cannot be read.
    pub async fn ask(&self, question: Question) -> Result<FoundPage<V>, AskError> {
        let page = self.views.query(&self.target, question.query()?).await?;
        let documents = page.documents.into_iter().map(|document| self.read(document));
        let documents = documents.collect::<Result<_, _>>()?;
        Ok(FoundPage { documents, next: page.next.map(|cursor| cursor.to_string()) })
    }

    /// How many documents a question would find in all, counted up to a limit.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn count(&self, selection: Selection) -> Result<Count, AskError> {
        Ok(self.views.count(&self.target, selection).await?)
    }

    /// Waits until the view has folded in the log up to a place, but not longer than the limit.
    /// One that is folded from other services' events alone has nothing of the log to wait for.
    ///
    /// # Errors
    /// When it has not by then, or never can.
    pub async fn wait_for(&self, head: Head) -> Result<(), WaitError> {
        let Some(source) = self.source.clone() else { return Ok(()) };
        let checkpoint = Checkpoint { epoch: head.epoch, position: head.position };
        let asked = SourceCheckpoint { source, checkpoint };
        let (views, clock, within) =
            (self.views.as_ref(), self.clock.as_ref(), self.options.wait_longest);
        wait_for(views, clock, &self.target, &asked, within).await
    }

    fn read(&self, document: Document) -> Result<Found<V>, AskError> {
        let Document { key, json, last, .. } = document;
        match serde_json::from_str(&json) {
            Ok(state) => Ok(Found { key, state, last: last.position }),
            Err(source) => Err(AskError::Unreadable { view: self.target.clone(), key, source }),
        }
    }
}

impl<V> Clone for ViewReader<V> {
    fn clone(&self) -> Self {
        Self {
            views: Arc::clone(&self.views),
            clock: Arc::clone(&self.clock),
            target: self.target.clone(),
            source: self.source.clone(),
            options: self.options.clone(),
            of: PhantomData,
        }
    }
}

impl<V> fmt::Debug for ViewReader<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewReader").field("target", &self.target).finish_non_exhaustive()
    }
}
