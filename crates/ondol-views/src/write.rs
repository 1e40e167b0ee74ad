//! What a projector asks of a store: documents, parked keys and checkpoints, in one commit.

use crate::{Advance, Change, DocumentTooLarge, Limits, Parking, ViewId};

/// A write, made whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which set of documents.
    pub view: ViewId,
    /// The checkpoints it builds upon, and where they stand afterwards.
    pub advances: Vec<Advance>,
    /// The documents that change, each key once.
    pub changes: Vec<Change>,
    /// What becomes of parked keys, in this order.
    pub parking: Vec<Parking>,
    /// Whether it must outlive a power cut even where ordinary writes may be taken back by one.
    /// What is folded can be folded again; what a person has decided cannot.
    pub is_decision: bool,
}

impl Write {
    /// A write that does nothing yet.
    pub fn to(view: ViewId) -> Self {
        Self {
            view,
            advances: Vec::new(),
            changes: Vec::new(),
            parking: Vec::new(),
            is_decision: false,
        }
    }
}

impl Write {
    /// Checks what can be said without looking at the store. Engines call it first.
    ///
    /// # Errors
    /// When a document is over a limit.
    pub fn check(&self, limits: &Limits) -> Result<(), DocumentTooLarge> {
        self.changes.iter().try_for_each(|change| match change {
            Change::Put { document, .. } => document.check(limits),
            Change::Remove { .. } => Ok(()),
        })
    }
}
