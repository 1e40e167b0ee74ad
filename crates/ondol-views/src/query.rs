//! Questions that have many documents for an answer, and their pages.
//!
//! A page ends with a cursor: the place of its last document. The next page begins after that
//! place, so a document that comes or goes meanwhile shifts nobody, and a page costs the same
//! however far in it is.

mod cursor;
mod span;

pub use cursor::{Cursor, CursorError};
pub use span::{KeySpan, ValueSpan};

use crate::{Document, Limits, ViewId};

/// A question that has many documents for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which documents.
    pub selection: Selection,
    /// In which order.
    pub direction: Direction,
    /// At most so many of them; the store's own limit holds as well.
    pub limit: usize,
    /// After which place, if not from the beginning.
    pub cursor: Option<Cursor>,
}

/// Which documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those with keys in a span, in the order of their keys.
    Keys(KeySpan),
    /// Those with an entry in a span of an index, in the order of the entries, then of their
    /// keys. A document with several entries there is found once for each.
    Index {
        /// The index's name.
        name: String,
        /// The span.
        span: ValueSpan,
    },
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the least.
    #[default]
    Ascending,
    /// From the greatest.
    Descending,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryPage {
    /// Which set of documents has answered.
    pub view: ViewId,
    /// The documents, in order.
    pub documents: Vec<Document>,
    /// Where to go on, if there is more.
    pub next: Option<Cursor>,
}

/// How many documents there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// So many.
    pub documents: u64,
    /// Or more than that, when counting was given up at the limit.
    pub is_at_least: bool,
}

/// Why a query cannot be answered, whatever the store holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQuery {
    /// No index has this name.
    #[error("no index is named {asked:?}, found {known:?}")]
    UnknownIndex {
        /// The name.
        asked: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The cursor is damaged or belongs to another query.
    #[error("the cursor does not belong to this query")]
    ForeignCursor,
}

impl Query {
    /// All documents in a selection, from the least, in pages of a size.
    pub fn of(selection: Selection, limit: usize) -> Self {
        Self { selection, direction: Direction::Ascending, limit, cursor: None }
    }

    /// The same, from the greatest.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.direction = Direction::Descending;
        self
    }

    /// The same, after a place.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// The query as an engine runs it.
    ///
    /// # Errors
    /// When it names an index that is not there or a cursor of another query.
    pub fn scan(&self, indexes: &[String], limits: &Limits) -> Result<Scan, InvalidQuery> {
        let after = match &self.cursor {
            Some(cursor) => Some(cursor.place(&self.selection, self.direction)?),
            None => None,
        };
        let limit = self.limit.clamp(1, limits.page_documents_max);
        let (index, span) = self.selection.resolve(indexes)?;
        Ok(Scan { index, span, direction: self.direction, limit, after })
    }
}

impl Selection {
    /// Every document.
    pub fn all() -> Self {
        Self::Keys(KeySpan::all())
    }

    /// The documents with entries in a span of an index.
    pub fn index(name: impl Into<String>, span: ValueSpan) -> Self {
        Self::Index { name: name.into(), span }
    }

    /// The index's place among the declared ones, if one is named, and the span as bytes.
    ///
    /// # Errors
    /// When no index has the name.
    pub fn resolve(&self, indexes: &[String]) -> Result<(Option<u16>, ValueSpan), InvalidQuery> {
        match self {
            Self::Keys(span) => Ok((None, span.as_bytes())),
            Self::Index { name, span } => {
                let at = indexes.iter().position(|known| known == name);
                let unknown =
                    || InvalidQuery::UnknownIndex { asked: name.clone(), known: indexes.to_vec() };
                let at = at.and_then(|at| u16::try_from(at).ok()).ok_or_else(unknown)?;
                Ok((Some(at), span.clone()))
            }
        }
    }
}

/// A query as an engine runs it: a span of an ordered list of (value, key), and where to begin.
/// For a span of keys the values are the keys' bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Which index; the keys themselves, if none.
    pub index: Option<u16>,
    /// Which part of it.
    pub span: ValueSpan,
    /// Which way.
    pub direction: Direction,
    /// How many documents at most.
    pub limit: usize,
    /// The place to begin after.
    pub after: Option<Place>,
}

/// A place in an ordered list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The value there; empty where the keys themselves are listed.
    pub value: Vec<u8>,
    /// The document's key.
    pub key: String,
}

impl Query {
    /// The page of what an engine has found: one document more than asked for, if there was one.
    pub fn page(&self, view: ViewId, scan: &Scan, mut found: Vec<(Place, Document)>) -> QueryPage {
        let has_more = found.len() > scan.limit;
        found.truncate(scan.limit);
        let next = found
            .last()
            .filter(|_| has_more)
            .map(|(place, _)| Cursor::at(&self.selection, self.direction, place));
        let documents = found.into_iter().map(|(_, document)| document).collect();
        QueryPage { view, documents, next }
    }
}

impl Count {
    /// What counting has come to, having given up after one more than the limit.
    pub fn of(found: usize, limits: &Limits) -> Self {
        let is_at_least = found > limits.counted_max;
        let counted = found.min(limits.counted_max);
        Self { documents: u64::try_from(counted).unwrap_or(u64::MAX), is_at_least }
    }
}
