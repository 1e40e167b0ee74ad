//! Documents held folded in memory, so that each is read and written as JSON few times only.
//!
//! A document stays after it was written: the next event for it is folded without asking the
//! store. What has not been used for longest goes first, and never before it is written. While
//! nothing has gone since the view was empty, a document that is not here does not exist.

use std::collections::HashMap;

use ondol_domain::View;
use ondol_kernel::Position;

use crate::{Document, DocumentKey, Entry};

/// Where an event stands: the place of its log among the sources, and its position there.
pub(super) type Place = (usize, Position);

/// A document in memory.
#[derive(Debug)]
pub(super) struct Slot<V> {
    pub(super) key: DocumentKey,
    pub(super) state: State<V>,
    /// The entries that the store has, if it has the document.
    pub(super) stored: Option<Vec<Entry>>,
    /// The first event folded in since it was last written.
    pub(super) first: Option<Place>,
    /// The last event folded in.
    pub(super) last: Option<Place>,
    bytes: usize,
    used: u64,
}

#[derive(Debug)]
pub(super) enum State<V> {
    /// Nobody has asked the store yet.
    Unloaded,
    /// As far as it is folded.
    Folded(V),
    /// It is parked: nothing is folded in.
    Parked,
    /// The store has it, and it cannot be read.
    Unreadable(String),
}

/// What every document takes besides its own bytes, about.
const SLOT_BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct Arena<V> {
    slots: Vec<Option<Slot<V>>>,
    by_key: HashMap<DocumentKey, usize>,
    free: Vec<usize>,
    dirty: Vec<usize>,
    missing: Vec<usize>,
    is_complete: bool,
    bytes: usize,
    tick: u64,
    documents_max: usize,
    bytes_max: usize,
}

impl<V: View> Arena<V> {
    /// An arena for a view; `is_complete` says that the store has no documents of it yet.
    pub(super) fn new(is_complete: bool, documents_max: usize, bytes_max: usize) -> Self {
        Self {
            slots: Vec::new(),
            by_key: HashMap::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            missing: Vec::new(),
            is_complete,
            bytes: 0,
            tick: 0,
            documents_max,
            bytes_max,
        }
    }

    /// Where a document is held; one that is not is asked for with the next load.
    pub(super) fn want(&mut self, key: &str, is_parked: impl FnOnce(&str) -> bool) -> usize {
        if let Some(at) = self.by_key.get(key) {
            return *at;
        }
        let name = DocumentKey::new(key).expect("the keys of an event were checked when read");
        let state = match (is_parked(key), self.is_complete) {
            (true, _) => State::Parked,
            (false, true) => State::Folded(V::default()),
            (false, false) => State::Unloaded,
        };
        let is_missing = matches!(state, State::Unloaded);
        let at = self.insert(name, state);
        if is_missing {
            self.missing.push(at);
        }
        at
    }

    fn insert(&mut self, key: DocumentKey, state: State<V>) -> usize {
        let (bytes, used) = (SLOT_BYTES, self.tick);
        let slot =
            Slot { key: key.clone(), state, stored: None, first: None, last: None, bytes, used };
        self.bytes += bytes;
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[at] = Some(slot);
        self.by_key.insert(key, at);
        at
    }

    /// The documents that are to be loaded before anything is folded.
    pub(super) fn take_missing(&mut self) -> (Vec<usize>, Vec<DocumentKey>) {
        let places = std::mem::take(&mut self.missing);
        let keys = places.iter().map(|at| self.slot(*at).key.clone()).collect();
        (places, keys)
    }

    /// What the store has of a document that was asked for.
    pub(super) fn fill(&mut self, at: usize, document: Option<Document>) {
        let Some(document) = document else {
            self.slot(at).state = State::Folded(V::default());
            return;
        };
        let bytes = document.json.len();
        let slot = self.slot(at);
        slot.state = match serde_json::from_str(&document.json) {
            Ok(state) => State::Folded(state),
            Err(error) => State::Unreadable(format!("the document cannot be read: {error}")),
        };
        slot.stored = Some(document.entries);
        slot.bytes += bytes;
        self.bytes += bytes;
    }

    pub(super) fn slot(&mut self, at: usize) -> &mut Slot<V> {
        self.slots[at].as_mut().expect("a place is held until it is let go")
    }

    /// Notes that an event was folded into a document.
    pub(super) fn has_folded(&mut self, at: usize, place: Place, bytes: usize) {
        let tick = self.tick;
        self.bytes += bytes;
        let slot = self.slot(at);
        slot.last = Some(place);
        slot.used = tick;
        slot.bytes += bytes;
        if slot.first.is_none() {
            slot.first = Some(place);
            self.dirty.push(at);
        }
    }

    /// Nothing more is folded into a document. Says whether it had changed.
    pub(super) fn park(&mut self, at: usize) -> bool {
        let slot = self.slot(at);
        slot.state = State::Parked;
        slot.first.take().is_some()
    }

    /// A document is no more, here and in the store.
    pub(super) fn has_removed(&mut self, at: usize) {
        let key = self.slot(at).key.clone();
        self.by_key.remove(&key);
        self.release(at);
    }

    /// The same, if it is here at all.
    pub(super) fn remove(&mut self, key: &DocumentKey) {
        if let Some(at) = self.by_key.get(key) {
            self.has_removed(*at);
        }
    }

    /// Lets go of a document: whoever wants it next asks the store.
    pub(super) fn forget(&mut self, key: &DocumentKey) {
        self.is_complete = false;
        if let Some(at) = self.by_key.remove(key) {
            self.release(at);
        }
    }

    pub(super) fn dirty_count(&self) -> usize {
        self.dirty.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes > self.bytes_max
    }

    /// The documents that have changed since they were last written.
    pub(super) fn take_dirty(&mut self) -> Vec<usize> {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.retain(|at| self.slots[*at].as_ref().is_some_and(|slot| slot.first.is_some()));
        dirty.sort_unstable();
        dirty.dedup();
        dirty
    }

    /// A document was written out with so many bytes and these entries.
    pub(super) fn has_written(&mut self, at: usize, bytes: usize, entries: Vec<Entry>) {
        let slot = self.slot(at);
        slot.first = None;
        slot.stored = Some(entries);
        let before = std::mem::replace(&mut slot.bytes, bytes + SLOT_BYTES);
        self.bytes = (self.bytes + bytes + SLOT_BYTES).saturating_sub(before);
    }

    /// Lets go of what has not been used for longest, down to three quarters of the limits.
    /// Called when everything has been written out.
    pub(super) fn evict(&mut self) {
        self.tick += 1;
        if self.by_key.len() <= self.documents_max && self.bytes <= self.bytes_max {
            return;
        }
        let mut clean: Vec<(u64, usize)> = (0..self.slots.len())
            .filter_map(|at| {
                let slot = self.slots[at].as_ref()?;
                slot.first.is_none().then_some((slot.used, at))
            })
            .collect();
        clean.sort_unstable();
        for (_, at) in clean {
            let has_room = self.by_key.len() <= self.documents_max / 4 * 3
                && self.bytes <= self.bytes_max / 4 * 3;
            if has_room {
                break;
            }
            self.is_complete = false;
            let key = self.slot(at).key.clone();
            self.by_key.remove(&key);
            self.release(at);
        }
    }

    fn release(&mut self, at: usize) {
        if let Some(slot) = self.slots[at].take() {
            self.bytes = self.bytes.saturating_sub(slot.bytes);
            self.free.push(at);
        }
    }
}
