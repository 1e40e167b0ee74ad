//! Throws documents away whose time is over.
//!
//! They are found by the index that says until when each is kept, and removed by the one who
//! folds, upon the checkpoint that it has written: nobody else writes the view meanwhile.

use std::sync::Arc;
use std::time::Duration;

use ondol_domain::{IndexValue, View};
use ondol_kernel::Timestamp;

use super::super::build::Build;
use super::super::verify::unanswered;
use super::super::{FollowError, Source};
use super::Session;
use crate::{
    Advance, Change, Checkpoint, DocumentKey, Query, Selection, Target, ValueSpan, Write, ordered,
};

/// How often is looked for documents whose time is over.
const FORGETS_EVERY: Duration = Duration::from_secs(60);

/// Whether the time is over until which a document is kept.
pub(in super::super) fn is_over<V: View>(state: &V, now: Timestamp) -> bool {
    let kept_until = V::KEPT_UNTIL.and_then(|name| {
        let index = V::indexes().iter().find(|index| index.name == name)?;
        Some((index.value)(state))
    });
    matches!(kept_until, Some(IndexValue::Number(until)) if until <= now.as_micros())
}

impl<V: View> Session<'_, V> {
    /// Comes to its end once it is to be looked for documents whose time is over.
    pub(super) fn is_time_to_forget(&self) -> impl Future<Output = ()> + Send + use<V> {
        let (clock, at) = (Arc::clone(&self.core.clock), self.forgets_at);
        async move {
            let left = at.saturating_sub(clock.running());
            if !left.is_zero() {
                clock.sleep(left).await;
            }
        }
    }

    /// Throws a page of documents away whose time is over; if there are more, soon again.
    pub(super) async fn forget(&mut self) -> Result<(), FollowError> {
        self.settle().await?;
        let (forgotten, is_more) = self.core.forget(&self.committed).await?;
        forgotten.iter().for_each(|key| self.fold().arena.remove(key));
        let after = if is_more { Duration::ZERO } else { FORGETS_EVERY };
        self.forgets_at = self.core.clock.running().saturating_add(after);
        Ok(())
    }
}

impl<V: View> Build<V> {
    /// Removes a page of documents whose time is over. Says which, and whether there may be more.
    async fn forget(
        &self,
        committed: &[Option<Checkpoint>],
    ) -> Result<(Vec<DocumentKey>, bool), FollowError> {
        let Some(index) = V::KEPT_UNTIL else { return Ok((Vec::new(), false)) };
        let now = IndexValue::Number(self.clock.now().as_micros().saturating_add(1));
        let span = ValueSpan { low: Vec::new(), high: ordered::encode(&now) };
        let size = self.views.limits().page_documents_max;
        let query = Query::of(Selection::index(index, span), size);
        let page = self.views.query(&Target::from(self.view.clone()), query).await;
        let page = page.map_err(unanswered)?;
        let mut write = Write::to(self.view.clone());
        write.advances = self.reading.sources.iter().zip(committed).filter_map(stays).collect();
        let mut keys = Vec::with_capacity(page.documents.len());
        for document in page.documents {
            keys.push(document.key.clone());
            write.changes.push(Change::Remove { key: document.key, gone: document.entries });
        }
        if !keys.is_empty() {
            self.views.write(write).await?;
        }
        Ok((keys, page.next.is_some()))
    }
}

/// The checkpoint stays where it is, and is checked to be there.
fn stays((source, at): (&Source, &Option<Checkpoint>)) -> Option<Advance> {
    let to = (*at)?;
    Some(Advance { source: source.name.clone(), from: Some(to), to })
}
