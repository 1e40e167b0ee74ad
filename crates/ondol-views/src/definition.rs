//! What a store must know of a view to keep its documents, and what it says of it.

use ondol_kernel::Timestamp;

use crate::{DefineError, Limits, SourceCheckpoint, ViewId};

/// A set of documents, before there are any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Which set.
    pub id: ViewId,
    /// The names of its indexes, in their order.
    pub indexes: Vec<String>,
    /// Which fold makes the documents: made by another, they are not to be built upon.
    pub fold: u64,
    /// When it was made.
    pub made: Timestamp,
}

impl Definition {
    /// Whether documents of the other definition may be built upon under this one.
    pub fn is_same_as(&self, other: &Self) -> bool {
        (&self.id, &self.indexes, self.fold) == (&other.id, &other.indexes, other.fold)
    }
}

/// How a set of documents stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStatus {
    /// What it was made as.
    pub definition: Definition,
    /// Whether it answers for its view.
    pub is_serving: bool,
    /// How many documents there are.
    pub documents: u64,
    /// How many keys and streams are parked.
    pub parked: u64,
    /// How far each log has been folded in.
    pub checkpoints: Vec<SourceCheckpoint>,
}

impl Definition {
    /// Checks what can be said without looking at the store. Engines call it first.
    ///
    /// # Errors
    /// When there are too many indexes.
    pub fn check(&self, limits: &Limits) -> Result<(), DefineError> {
        let (most, found) = (limits.indexes_max, self.indexes.len());
        if found > most { Err(DefineError::TooManyIndexes { most, found }) } else { Ok(()) }
    }

    /// Checks that what is kept already is the same.
    ///
    /// # Errors
    /// When it is not.
    pub fn must_be(&self, kept: &Self) -> Result<(), DefineError> {
        if self.is_same_as(kept) {
            return Ok(());
        }
        let (kept, asked) = (Box::new(kept.clone()), Box::new(self.clone()));
        Err(DefineError::Differs { kept, asked })
    }
}
