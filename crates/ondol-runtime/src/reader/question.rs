//! A question that has many documents for an answer.

use ondol_domain::IndexValue;
use ondol_views::{CursorError, Direction, KeySpan, Query, Selection, ValueSpan, ordered};

/// A question that has many documents for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which documents.
    pub selection: Selection,
    /// In which order.
    pub direction: Direction,
    /// At most so many.
    pub limit: usize,
    /// What to go on after, as the page before has said.
    pub after: Option<String>,
}

impl Question {
    /// The documents in a selection, from the least, at most so many.
    pub const fn of(selection: Selection, limit: usize) -> Self {
        Self { selection, direction: Direction::Ascending, limit, after: None }
    }

    /// All documents, by their keys.
    pub fn all(limit: usize) -> Self {
        Self::of(Selection::all(), limit)
    }

    /// The documents whose keys begin with a text.
    pub fn keys_beginning_with(text: &str, limit: usize) -> Self {
        Self::of(Selection::Keys(KeySpan::beginning_with(text)), limit)
    }

    /// The documents that have a value in an index; none have nothing.
    pub fn equal(index: &str, value: &IndexValue, limit: usize) -> Self {
        let span = match ordered::encode(value) {
            Some(bytes) => ValueSpan::beginning_with(bytes),
            None => ValueSpan { low: Vec::new(), high: Some(Vec::new()) },
        };
        Self::of(Selection::index(index, span), limit)
    }

    /// All documents that are found by an index, in its order.
    pub fn in_order_of(index: &str, limit: usize) -> Self {
        Self::of(Selection::index(index, ValueSpan::all()), limit)
    }

    /// The documents from one value of an index on, itself included, to before another.
    pub fn between(index: &str, low: &IndexValue, high: &IndexValue, limit: usize) -> Self {
        let span = ValueSpan {
            low: ordered::encode(low).unwrap_or_default(),
            high: ordered::encode(high),
        };
        Self::of(Selection::index(index, span), limit)
    }

    /// The documents whose text in an index begins so.
    pub fn beginning_with(index: &str, text: &str, limit: usize) -> Self {
        let mut bytes = Vec::new();
        ordered::put_text_prefix(&mut bytes, text);
        Self::of(Selection::index(index, ValueSpan::beginning_with(bytes)), limit)
    }

    /// The same, from the greatest.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.direction = Direction::Descending;
        self
    }

    /// The same, after where a page has ended.
    #[must_use]
    pub fn after(mut self, after: Option<String>) -> Self {
        self.after = after;
        self
    }

    /// The question as stores know it.
    pub(super) fn query(self) -> Result<Query, CursorError> {
        let Self { selection, direction, limit, after } = self;
        let cursor = after.map(|after| after.parse()).transpose()?;
        Ok(Query { selection, direction, limit, cursor })
    }
}
