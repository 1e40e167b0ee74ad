//! How much of everything there may be: full means a clear refusal, not growth.

use serde::{Deserialize, Serialize};

use crate::{LoadError, RefusalLimits};

/// What a store of views takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one document.
    pub document_bytes_max: usize,
    /// Entries of one document in all indexes together.
    pub entries_per_document_max: usize,
    /// Bytes of one entry of an index.
    pub entry_bytes_max: usize,
    /// Indexes of one view.
    pub indexes_max: usize,
    /// Documents of one page of an answer.
    pub page_documents_max: usize,
    /// Documents that are counted one by one before a count says "at least".
    pub counted_max: usize,
    /// Keys of one load.
    pub keys_per_load_max: usize,
    /// Keys and streams of one view that may be parked.
    pub parked_max: usize,
    /// Events that are kept by position behind one parked key; the ones after them are found by
    /// reading the log.
    pub waiting_max: usize,
    /// Refusals of requests from outside.
    pub refusals: RefusalLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes_max: 4 << 20,
            entries_per_document_max: 256,
            entry_bytes_max: 1_024,
            indexes_max: 32,
            page_documents_max: 1_000,
            counted_max: 100_000,
            keys_per_load_max: 1_000_000,
            parked_max: 10_000,
            waiting_max: 1_000,
            refusals: RefusalLimits::default(),
        }
    }
}

impl Limits {
    /// Refuses to load more keys at once than there may be.
    ///
    /// # Errors
    /// When there are more.
    pub fn check_load(&self, found: usize) -> Result<(), LoadError> {
        let most = self.keys_per_load_max;
        if found > most { Err(LoadError::TooMany { most, found }) } else { Ok(()) }
    }
}
