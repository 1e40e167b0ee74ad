//! A log that a view is folded from.

use std::sync::Arc;

use ondol_kernel::Position;
use ondol_store::{EventStore, Filter, Head, ReadAll, ReadError};

use crate::{Checkpoint, CheckpointFault, SourceName};

use super::FollowError;

/// A log that a view is folded from, and the name its checkpoint is kept under.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name.
    pub name: SourceName,
    /// The log.
    pub log: Arc<dyn EventStore>,
}

impl Source {
    /// A log under a name.
    pub fn new(name: SourceName, log: Arc<dyn EventStore>) -> Self {
        Self { name, log }
    }

    /// Where the log ends, once it is known to be what was folded.
    pub(super) async fn head(&self, folded: Option<Checkpoint>) -> Result<Head, FollowError> {
        let head = self.log.head().await.map_err(|error| self.failed(error))?;
        if let Some(folded) = folded {
            folded.check(&self.name, head)?;
        }
        Ok(head)
    }

    /// One page of the log that ends at a position at the latest.
    pub(super) async fn page(
        &self,
        after: Position,
        until: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<ondol_store::Page, FollowError> {
        let read = ReadAll::after(after, limit).only(filter.clone());
        let mut page = self.log.read_all(read).await.map_err(|error| self.failed(error))?;
        page.events.retain(|event| event.position <= until);
        page.seen = page.seen.min(until);
        Ok(page)
    }

    pub(super) fn failed(&self, source: ReadError) -> FollowError {
        match source {
            ReadError::AheadOfLog { asked, head, .. } => {
                let log = self.name.clone();
                CheckpointFault::Ahead { log, folded: asked, found: head }.into()
            }
            source => FollowError::Read { log: self.name.clone(), source },
        }
    }
}
