//! Asking a view by what it declares: what an index was not declared for cannot be asked of it.

use std::marker::PhantomData;

use ondol_domain::{Index, IndexKind, IndexValue, View};

use crate::{Cursor, DocumentKey, KeySpan, Place, Query, Selection, ValueSpan, ordered};

/// A question to a view `V`.
#[derive(Debug)]
pub struct Find<V> {
    query: Query,
    of: PhantomData<fn() -> V>,
}

/// Why a view cannot be asked so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// The view declares no index of this name.
    #[error("the view {view} has no index {asked:?}")]
    UnknownIndex {
        /// The view.
        view: &'static str,
        /// The name.
        asked: String,
    },
    /// The index was declared for less.
    #[error("the index {index} is declared as {declared:?}, which does not answer {asked}")]
    NotDeclared {
        /// The index.
        index: &'static str,
        /// What it was declared as.
        declared: IndexKind,
        /// What was asked of it.
        asked: &'static str,
    },
}

impl FindError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownIndex { .. } => "view-index-unknown",
            Self::NotDeclared { .. } => "view-index-not-declared",
        }
    }
}

impl<V: View> Find<V> {
    /// Every document, in the order of the keys.
    pub fn all(limit: usize) -> Self {
        Self::of(Selection::all(), limit)
    }

    /// The documents whose keys begin with a text.
    pub fn keys_beginning_with(text: &str, limit: usize) -> Self {
        Self::of(Selection::Keys(KeySpan::beginning_with(text)), limit)
    }

    /// The documents that have a value.
    ///
    /// # Errors
    /// When the view has no such index.
    pub fn equal(
        index: &str,
        value: impl Into<IndexValue>,
        limit: usize,
    ) -> Result<Self, FindError> {
        let index = declared::<V>(index)?;
        Ok(Self::of(Selection::index(index.name, exactly(&value.into())), limit))
    }

    /// The documents with values from one, itself included, to before another, in their order.
    ///
    /// # Errors
    /// When the view has no such index, or it was not declared as ordered or for prefixes.
    pub fn between(
        index: &str,
        from: impl Into<IndexValue>,
        before: impl Into<IndexValue>,
        limit: usize,
    ) -> Result<Self, FindError> {
        let index = declared::<V>(index)?;
        refuse(index, &[IndexKind::Equality], "what lies between two values")?;
        let low = ordered::encode(&from.into()).unwrap_or_default();
        // A missing value is before everything, so nothing comes before it.
        let high = ordered::encode(&before.into()).unwrap_or_default();
        let span = ValueSpan { low, high: Some(high) };
        Ok(Self::of(Selection::index(index.name, span), limit))
    }

    /// All documents that the index finds, in the order of their values.
    ///
    /// # Errors
    /// When the view has no such index, or it was declared for equality alone.
    pub fn ordered_by(index: &str, limit: usize) -> Result<Self, FindError> {
        let index = declared::<V>(index)?;
        refuse(index, &[IndexKind::Equality], "in which order")?;
        Ok(Self::of(Selection::index(index.name, ValueSpan::all()), limit))
    }

    /// The documents whose values begin with a text.
    ///
    /// # Errors
    /// When the view has no such index, or it was not declared for prefixes.
    pub fn beginning_with(index: &str, text: &str, limit: usize) -> Result<Self, FindError> {
        let index = declared::<V>(index)?;
        refuse(index, &[IndexKind::Equality, IndexKind::Ordered], "what begins with a text")?;
        let mut begins = Vec::new();
        ordered::put_text_prefix(&mut begins, text);
        let span = ValueSpan::beginning_with(begins);
        Ok(Self::of(Selection::index(index.name, span), limit))
    }

    /// The same, from the greatest.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.query = self.query.descending();
        self
    }

    /// The same, after a place.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.query = self.query.after(cursor);
        self
    }

    /// Where to go on after a document of the answer, for whoever stops in the middle of a page.
    pub fn place_after(&self, key: &DocumentKey, document: &V) -> Cursor {
        let value = match &self.query.selection {
            Selection::Keys(_) => None,
            Selection::Index { name, .. } => {
                let index = V::indexes().iter().find(|index| index.name == name);
                index.and_then(|index| ordered::encode(&(index.value)(document)))
            }
        };
        let (value, key) = (value.unwrap_or_default(), key.as_str().to_owned());
        Cursor::at(&self.query.selection, self.query.direction, &Place { value, key })
    }

    /// The query as a store answers it.
    pub fn into_query(self) -> Query {
        self.query
    }

    fn of(selection: Selection, limit: usize) -> Self {
        Self { query: Query::of(selection, limit), of: PhantomData }
    }
}

/// Exactly this value; a missing one is not found by any index.
fn exactly(value: &IndexValue) -> ValueSpan {
    match ordered::encode(value) {
        Some(bytes) => ValueSpan::beginning_with(bytes),
        None => ValueSpan { low: Vec::new(), high: Some(Vec::new()) },
    }
}

fn declared<V: View>(asked: &str) -> Result<&'static Index<V>, FindError> {
    let index = V::indexes().iter().find(|index| index.name == asked);
    index.ok_or_else(|| FindError::UnknownIndex { view: V::NAME, asked: asked.to_owned() })
}

fn refuse<V>(index: &Index<V>, kinds: &[IndexKind], asked: &'static str) -> Result<(), FindError> {
    if kinds.contains(&index.kind) {
        let (index, declared) = (index.name, index.kind);
        return Err(FindError::NotDeclared { index, declared, asked });
    }
    Ok(())
}
