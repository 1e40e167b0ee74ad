//! A view equals a replay: the proof, over all documents or a sample of them.
//!
//! Documents are taken in passes, so that memory stays bounded: each pass folds its own
//! documents from the log and compares them with what the store has at the same checkpoints.
//! Nothing is held up meanwhile. What is parked is compared as far as it was folded.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ondol_domain::View;
use ondol_kernel::Position;

use super::FollowError;
use super::build::Build;
use super::compare::{Difference, compare};
use super::read::Item;
use super::replay::{Documents, Range, Replayed, Waits};
use super::session::is_over;
use crate::{
    Document, DocumentKey, KeySpan, LoadError, Parked, Query, QueryError, Selection,
    SourceCheckpoint, Target, ViewId,
};

/// Documents of one pass.
const PASS_DOCUMENTS_MAX: usize = 50_000;
/// Differences that are told one by one.
const DIFFERENCES_MAX: usize = 100;
/// How often a pass is taken anew because something was parked or released meanwhile.
const TRIES_MAX: usize = 10;

/// How much is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every document.
    Whole,
    /// About so many documents, others with each seed.
    Sample {
        /// About how many.
        documents: u64,
        /// Which ones.
        seed: u64,
    },
}

/// What a verification has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Which set of documents.
    pub view: ViewId,
    /// How many documents were compared.
    pub documents: u64,
    /// How many events were replayed.
    pub events: u64,
    /// What differs, in the order of the keys, as far as it is told.
    pub differences: Vec<Difference>,
    /// How many documents differ in all.
    pub differing: u64,
}

impl Verified {
    /// Whether the view equals the replay.
    pub const fn is_equal(&self) -> bool {
        self.differing == 0
    }
}

/// The documents of one pass.
#[derive(Debug, Clone)]
enum Share {
    Keys(KeySpan),
    Sample { one_in: u64, seed: u64 },
}

impl Share {
    fn has(&self, key: &str) -> bool {
        match self {
            Self::Keys(span) => {
                key >= span.low.as_str() && span.high.as_deref().is_none_or(|high| key < high)
            }
            Self::Sample { one_in, seed } => {
                let mut hasher = DefaultHasher::new();
                (seed, key).hash(&mut hasher);
                hasher.finish().is_multiple_of(*one_in)
            }
        }
    }
}

impl<V: View> Build<V> {
    /// Compares documents with a replay.
    pub(super) async fn verify(&self, extent: Extent) -> Result<Verified, FollowError> {
        let mut found = Verified {
            view: self.view.clone(),
            documents: 0,
            events: 0,
            differences: Vec::new(),
            differing: 0,
        };
        match extent {
            Extent::Sample { documents, seed } => {
                let (kept, _) = self.stands().await?;
                let one_in = kept.documents.checked_div(documents).unwrap_or(u64::MAX).max(1);
                self.pass(&Share::Sample { one_in, seed }, &mut found).await?;
            }
            Extent::Whole => {
                let mut low = String::new();
                while let Some(span) = self.next_span(low).await? {
                    let high = span.high.clone();
                    self.pass(&Share::Keys(span), &mut found).await?;
                    let Some(next) = high else { break };
                    low = next;
                }
            }
        }
        Ok(found)
    }

    /// The span of as many keys as one pass takes, from a key on.
    async fn next_span(&self, low: String) -> Result<Option<KeySpan>, FollowError> {
        let stored = self.keys(&KeySpan { low: low.clone(), high: None }).await?;
        let high = stored.get(PASS_DOCUMENTS_MAX).map(|key| key.as_str().to_owned());
        Ok(Some(KeySpan { low, high }))
    }

    /// The stored keys in a span: one more than a pass takes, if there are as many.
    async fn keys(&self, span: &KeySpan) -> Result<Vec<DocumentKey>, FollowError> {
        let mut keys = Vec::new();
        let target = Target::from(self.view.clone());
        let size = self.views.limits().page_documents_max;
        let mut query = Query::of(Selection::Keys(span.clone()), size);
        while keys.len() <= PASS_DOCUMENTS_MAX {
            let page = self.views.query(&target, query.clone()).await.map_err(unanswered)?;
            keys.extend(page.documents.into_iter().map(|document| document.key));
            let Some(next) = page.next else { break };
            query = query.after(next);
        }
        Ok(keys)
    }

    async fn pass(&self, share: &Share, found: &mut Verified) -> Result<(), FollowError> {
        for _ in 0..TRIES_MAX {
            if self.try_pass(share, found).await? {
                return Ok(());
            }
        }
        let moving = "keys are parked and released faster than the view can be replayed";
        Err(LoadError::Unavailable(moving.into()).into())
    }

    /// Replays and compares the documents of a pass; documents that have come since it began are
    /// not looked at. Says whether what is parked stayed as it was: only then it was compared.
    async fn try_pass(&self, share: &Share, found: &mut Verified) -> Result<bool, FollowError> {
        let parked = self.all_parked().await?;
        let (kept, _) = self.stands().await?;
        let waits = Waits::of(&parked, |name| self.reading.place_of(name));
        let flows = |source: usize, item: &Item<V::Event>, key: &str| {
            !waits.has_stream(source, item) && !waits.has_key(source, item, key)
        };
        let ranges = self.between(&[], &kept.checkpoints);
        let wants = |source: usize, item: &Item<V::Event>, key: &str| {
            share.has(key) && flows(source, item, key)
        };
        let (replayed, events) = self.reading.replay(&ranges, Documents::new(), wants).await?;
        let keys = self.keys_of(share, &replayed).await?;
        let loaded = self.views.load(&self.view, keys.clone()).await?;
        if self.all_parked().await?.iter().map(place).ne(parked.iter().map(place)) {
            return Ok(false);
        }
        // The store has moved on meanwhile; so does the replay, to just where it was loaded.
        let rest = self.between(&kept.checkpoints, &loaded.checkpoints);
        let wants = |source: usize, item: &Item<V::Event>, key: &str| {
            keys.binary_search_by(|known| known.as_str().cmp(key)).is_ok()
                && flows(source, item, key)
        };
        let (replayed, more) = self.reading.replay(&rest, replayed, wants).await?;
        found.events += events + more;
        let documents: BTreeMap<_, _> = keys.into_iter().zip(loaded.documents).collect();
        self.compare_all(documents, replayed, found);
        Ok(true)
    }

    /// What was folded in between two moments.
    fn between(&self, from: &[SourceCheckpoint], to: &[SourceCheckpoint]) -> Vec<Range> {
        let range = |one: &SourceCheckpoint| {
            let source = self.reading.place_of(&one.source)?;
            let after = crate::checkpoint_of(from, &one.source);
            let after = after.map_or(Position::START, |after| after.position);
            Some(Range { source, after, until: one.checkpoint.position })
        };
        to.iter().filter_map(range).collect()
    }

    /// The keys that are stored or were replayed.
    async fn keys_of(
        &self,
        share: &Share,
        replayed: &Documents<V>,
    ) -> Result<Vec<DocumentKey>, FollowError> {
        let mut keys: Vec<DocumentKey> = replayed.keys().cloned().collect();
        if let Share::Keys(span) = share {
            keys.extend(self.keys(span).await?);
            keys.retain(|key| share.has(key.as_str()));
            keys.sort_unstable();
            keys.dedup();
        }
        Ok(keys)
    }

    fn compare_all(
        &self,
        stored: BTreeMap<DocumentKey, Option<Document>>,
        mut replayed: Documents<V>,
        found: &mut Verified,
    ) {
        for (key, document) in stored {
            found.documents += 1;
            let again = replayed
                .remove(&key)
                .filter(|again: &Replayed<V>| again.last.is_some() || again.poison.is_some());
            // What was thrown away, or is about to be, is not missing.
            let is_over = |again: &Replayed<V>| is_over(&again.state, self.clock.now());
            if document.is_none() && again.as_ref().is_some_and(is_over) {
                continue;
            }
            let difference = compare(key, document, again, self.views.limits());
            if let Some(difference) = difference {
                found.differing += 1;
                if found.differences.len() < DIFFERENCES_MAX {
                    found.differences.push(difference);
                }
            }
        }
    }
}

/// What must stay as it is for a pass to be good: where each unit was parked.
fn place(parked: &Parked) -> (&crate::Unit, Position) {
    (&parked.unit, parked.position)
}

/// The query is the house's own, so it is never asked wrongly.
pub(super) fn unanswered(error: QueryError) -> LoadError {
    match error {
        QueryError::Load(error) => error,
        wrong @ QueryError::Invalid { .. } => LoadError::Unavailable(wrong.into()),
    }
}
