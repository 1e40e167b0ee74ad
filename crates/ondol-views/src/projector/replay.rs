//! Folding documents again from the log: to restore one, to rebuild one, to verify all.

use std::collections::BTreeMap;
use std::sync::Arc;

use ondol_domain::{Reader, View};
use ondol_kernel::{Position, Recorded};
use ondol_store::Filter;

use super::panics::guarded;
use super::read::{Item, Outcome, read_page};
use super::{FollowError, Source};
use crate::{Document, DocumentKey, LastEvent, Unit};

/// Events that are replayed at a time: few enough not to hold up the runtime.
const PAGE_EVENTS_MAX: usize = 1_000;

/// What a view is folded from.
pub(super) struct Reading<V: View> {
    pub(super) sources: Vec<Source>,
    pub(super) reader: Arc<Reader<V::Event>>,
    pub(super) filter: Filter,
}

/// A part of a log: after one position, up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) source: usize,
    pub(super) after: Position,
    pub(super) until: Position,
}

/// A document that is folded again.
#[derive(Debug)]
pub(super) struct Replayed<V> {
    /// As far as it could be folded.
    pub(super) state: V,
    /// The last event that was folded in.
    pub(super) last: Option<LastEvent>,
    /// The event that could not be.
    pub(super) poison: Option<Poison>,
}

/// An event that could not be read or folded in.
#[derive(Debug, Clone)]
pub(super) struct Poison {
    /// Which of the ranges it stands in.
    pub(super) range: usize,
    pub(super) position: Position,
    pub(super) reason: String,
}

pub(super) type Documents<V> = BTreeMap<DocumentKey, Replayed<V>>;

impl<V: View> Default for Replayed<V> {
    fn default() -> Self {
        Self { state: V::default(), last: None, poison: None }
    }
}

impl<V: View> Replayed<V> {
    /// What is stored, to be folded on.
    pub(super) fn of(document: Document) -> Result<Self, String> {
        let state = serde_json::from_str(&document.json)
            .map_err(|error| format!("the document cannot be read: {error}"))?;
        Ok(Self { state, last: Some(document.last), poison: None })
    }

    /// Folds an event in. The state before a panic is brought back from its text, for a panic
    /// may leave anything behind.
    fn apply(&mut self, event: &Recorded<V::Event>, last: LastEvent, range: usize) {
        if self.poison.is_some() {
            return;
        }
        let backup = guarded(|| serde_json::to_string(&self.state));
        match guarded(|| self.state.apply(event)) {
            Ok(()) => self.last = Some(last),
            Err(reason) => {
                let before = backup.ok().and_then(Result::ok);
                let before = before.and_then(|text| serde_json::from_str(&text).ok());
                self.state = before.unwrap_or_default();
                self.poison = Some(Poison { range, position: last.position, reason });
            }
        }
    }
}

impl<V: View> Reading<V> {
    pub(super) fn place_of(&self, name: &crate::SourceName) -> Option<usize> {
        self.sources.iter().position(|source| source.name == *name)
    }

    /// Hands every event of the ranges to whoever asks, in order.
    pub(super) async fn each(
        &self,
        ranges: &[Range],
        mut each: impl FnMut(usize, &Item<V::Event>) + Send,
    ) -> Result<u64, FollowError> {
        let mut events = 0_u64;
        for (number, range) in ranges.iter().enumerate() {
            let source = &self.sources[range.source];
            let mut after = range.after;
            while after < range.until {
                let page = source.page(after, range.until, &self.filter, PAGE_EVENTS_MAX).await?;
                if page.seen <= after {
                    let (log, position) = (source.name.clone(), after.next());
                    return Err(FollowError::Missing { log, position });
                }
                after = page.seen;
                for item in read_page::<V>(&self.reader, page.events) {
                    events = events.saturating_add(1);
                    each(number, &item);
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(events)
    }

    /// Folds the documents that are wanted, on from what is given of them.
    pub(super) async fn replay(
        &self,
        ranges: &[Range],
        mut documents: Documents<V>,
        wants: impl Fn(usize, &Item<V::Event>, &str) -> bool + Send + Sync,
    ) -> Result<(Documents<V>, u64), FollowError> {
        let fold = |number: usize, item: &Item<V::Event>| {
            let Outcome::Event(event) = &item.outcome else { return };
            let source = ranges[number].source;
            for key in event.1.as_slice().iter().filter(|key| wants(source, item, key)) {
                let last = LastEvent {
                    source: self.sources[source].name.clone(),
                    position: item.position,
                };
                if !documents.contains_key(key.as_str()) {
                    let name = DocumentKey::new(key.as_str());
                    let name = name.expect("the keys of an event were checked when read");
                    documents.insert(name, Replayed::default());
                }
                if let Some(document) = documents.get_mut(key.as_str()) {
                    document.apply(&event.0, last, number);
                }
            }
        };
        let events = self.each(ranges, fold).await?;
        Ok((documents, events))
    }
}

/// What must not be replayed, because it waits.
#[derive(Debug, Default)]
pub(super) struct Waits {
    streams: BTreeMap<ondol_kernel::StreamId, (usize, Position)>,
    keys: BTreeMap<DocumentKey, (usize, Position)>,
}

impl Waits {
    /// What is parked, by where it was parked.
    pub(super) fn of<'a>(
        parked: impl IntoIterator<Item = &'a crate::Parked>,
        place_of: impl Fn(&crate::SourceName) -> Option<usize>,
    ) -> Self {
        let mut waits = Self::default();
        for one in parked {
            let Some(source) = place_of(&one.source) else { continue };
            let place = (source, one.position);
            match &one.unit {
                Unit::Key(key) => drop(waits.keys.insert(key.clone(), place)),
                Unit::Stream(stream) => drop(waits.streams.insert(stream.clone(), place)),
            }
        }
        waits
    }

    /// Whether an event waits, since its stream does.
    pub(super) fn has_stream<E>(&self, source: usize, item: &Item<E>) -> bool {
        let parked = self.streams.get(item.stream());
        parked.is_some_and(|(at, from)| *at == source && item.position >= *from)
    }

    /// Whether an event waits for a document, since the document does.
    pub(super) fn has_key<E>(&self, source: usize, item: &Item<E>, key: &str) -> bool {
        let parked = self.keys.get(key);
        parked.is_some_and(|(at, from)| *at == source && item.position >= *from)
    }

    /// Whether the document waits for anything.
    pub(super) fn is_parked(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }
}
