//! A document as it is kept, and what a write does to it.

use ondol_kernel::Position;

use crate::{DocumentKey, Limits, SourceCheckpoint, SourceName};

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which one.
    pub key: DocumentKey,
    /// The folded state, as JSON text.
    pub json: String,
    /// Where it is found in the view's indexes, in order, none twice.
    pub entries: Vec<Entry>,
    /// The last event that was folded in.
    pub last: LastEvent,
}

/// The last event that was folded into a document: what an `ETag` is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastEvent {
    /// Which log.
    pub source: SourceName,
    /// Where in it.
    pub position: Position,
}

/// One place of one document in one index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The index, by its place among the view's declared ones.
    pub index: u16,
    /// The value, encoded so that bytes compare as values do.
    pub value: Vec<u8>,
}

/// Documents and checkpoints of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// How far each log had been folded in.
    pub checkpoints: Vec<SourceCheckpoint>,
    /// An answer for each key, in the keys' order.
    pub documents: Vec<Option<Document>>,
}

/// What a write does to one document.
///
/// It names the entries that go and the entries that come, so that a store need not read what
/// it replaces; it is right because the checkpoint it builds upon is checked in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The document is new or has changed.
    Put {
        /// What is kept from now on.
        document: Document,
        /// Whether there was none before.
        is_new: bool,
        /// Entries it had and has no more.
        gone: Vec<Entry>,
        /// Entries it has and did not have.
        fresh: Vec<Entry>,
    },
    /// The document is no more.
    Remove {
        /// Which one.
        key: DocumentKey,
        /// The entries it had.
        gone: Vec<Entry>,
    },
}

/// Why a document cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} of a document may have at most {most}, found {found} in {key}")]
pub struct DocumentTooLarge {
    /// Which document.
    pub key: DocumentKey,
    /// What there is too much of.
    pub what: &'static str,
    /// How much there may be.
    pub most: usize,
    /// How much there is.
    pub found: usize,
}

impl Document {
    /// Checks what can be said without looking at the store.
    ///
    /// # Errors
    /// When it is over a limit.
    pub fn check(&self, limits: &Limits) -> Result<(), DocumentTooLarge> {
        self.check_one("the bytes", self.json.len(), limits.document_bytes_max)?;
        self.check_one("the entries", self.entries.len(), limits.entries_per_document_max)?;
        let longest = self.entries.iter().map(|entry| entry.value.len()).max().unwrap_or(0);
        self.check_one("the bytes of an entry", longest, limits.entry_bytes_max)
    }

    fn check_one(
        &self,
        what: &'static str,
        found: usize,
        most: usize,
    ) -> Result<(), DocumentTooLarge> {
        if found <= most {
            return Ok(());
        }
        Err(DocumentTooLarge { key: self.key.clone(), what, most, found })
    }
}

impl Change {
    /// The change that puts a document where there were these entries, or nothing.
    pub fn put(document: Document, before: Option<&[Entry]>) -> Self {
        let had = before.unwrap_or_default();
        let missing_in = |entry: &&Entry, other: &[Entry]| !other.contains(entry);
        let gone = had.iter().filter(|entry| missing_in(entry, &document.entries));
        let fresh = document.entries.iter().filter(|entry| missing_in(entry, had));
        let (gone, fresh) = (gone.cloned().collect(), fresh.cloned().collect());
        Self::Put { is_new: before.is_none(), gone, fresh, document }
    }

    /// The document that is changed.
    pub fn key(&self) -> &DocumentKey {
        match self {
            Self::Put { document, .. } => &document.key,
            Self::Remove { key, .. } => key,
        }
    }
}
