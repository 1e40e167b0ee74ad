//! The documents of a view as what they were folded into.

use std::marker::PhantomData;
use std::sync::Arc;

use ondol_domain::View;

use crate::{
    Cursor, Document, DocumentKey, Find, LastEvent, LoadError, NameError, QueryError, Target,
    ViewId, ViewName, ViewStore,
};

/// The documents that answer for a view `V`. Cheap to clone.
#[derive(Debug)]
pub struct Documents<V> {
    views: Arc<dyn ViewStore>,
    target: Target,
    of: PhantomData<fn() -> V>,
}

/// A document, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<V> {
    /// Which one.
    pub key: DocumentKey,
    /// Which set of documents has answered.
    pub view: ViewId,
    /// The last event that was folded in: what an `ETag` is made of.
    pub last: LastEvent,
    /// The document.
    pub value: V,
}

/// A page of documents, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPage<V> {
    /// The documents, in order.
    pub found: Vec<Found<V>>,
    /// Where to go on, if there is more.
    pub next: Option<Cursor>,
}

impl<V> Clone for Documents<V> {
    fn clone(&self) -> Self {
        Self { views: Arc::clone(&self.views), target: self.target.clone(), of: PhantomData }
    }
}

impl<V: View> Documents<V> {
    /// The documents that answer for the view in a store.
    ///
    /// # Errors
    /// When the view's name breaks the rule for names.
    pub fn new(views: Arc<dyn ViewStore>) -> Result<Self, NameError> {
        let target = Target::Serving(ViewName::new(V::NAME)?);
        Ok(Self { views, target, of: PhantomData })
    }

    /// One document, if it is there.
    ///
    /// # Errors
    /// When it cannot be read, or was folded by another version and is not a `V`.
    pub async fn get(&self, key: &DocumentKey) -> Result<Option<Found<V>>, LoadError> {
        let (view, document) = self.views.get(&self.target, key).await?;
        document.map(|document| self.read(view, document)).transpose()
    }

    /// One page of documents.
    ///
    /// # Errors
    /// When they cannot be read, or the cursor belongs to another question.
    pub async fn find(&self, find: Find<V>) -> Result<FoundPage<V>, QueryError> {
        let page = self.views.query(&self.target, find.into_query()).await?;
        let read = |document| self.read(page.view.clone(), document);
        let found = page.documents.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(FoundPage { found, next: page.next })
    }

    fn read(&self, view: ViewId, document: Document) -> Result<Found<V>, LoadError> {
        let Document { key, json, last, .. } = document;
        let damaged = |error: serde_json::Error| LoadError::Corrupt {
            view: self.target.clone(),
            source: error.into(),
        };
        let value = serde_json::from_str(&json).map_err(damaged)?;
        Ok(Found { key, view, last, value })
    }
}
