//! The fold itself: pages of events in, one write out. Nothing here waits or asks anybody.
//!
//! Events are folded in the order in which they come. A fold that panics parks its document
//! there and then; what the panic has left of it is thrown away, and whoever writes the chunk
//! restores it from the log up to the event before.

use ondol_domain::View;
use ondol_kernel::{Position, Recorded, Timestamp};

use super::FollowError;
use super::arena::{Arena, Place, State};
use super::kept::document_of;
use super::panics::guarded;
use super::parked_set::ParkedSet;
use super::read::{Item, Outcome};
use super::session::is_over;
use crate::{
    Advance, Change, Checkpoint, DocumentKey, LastEvent, Limits, Parked, Parking, SourceName, Unit,
    ViewId, Waiting, Write, shortened,
};

pub(super) struct Fold<V: View> {
    pub(super) view: ViewId,
    pub(super) sources: Vec<SourceName>,
    pub(super) arena: Arena<V>,
    pub(super) parked: ParkedSet,
    pub(super) limits: Limits,
    pub(super) chunk: Chunk,
}

/// What has been folded since the last write.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Where the checkpoints stood when it began.
    pub(super) from: Vec<Option<Checkpoint>>,
    /// Where they stand now.
    pub(super) seen: Vec<Checkpoint>,
    pub(super) parking: Vec<Parking>,
    pub(super) poisoned: Vec<Poisoned>,
    pub(super) events: usize,
}

/// A document that had changed in this chunk before a poison event came.
#[derive(Debug)]
pub(super) struct Poisoned {
    pub(super) key: DocumentKey,
    /// Up to where each log is to be folded in.
    pub(super) until: Vec<Position>,
}

impl<V: View> Fold<V> {
    /// Finds the place of every document that the events touch, in the order of the touches.
    pub(super) fn resolve(&mut self, items: &[Item<V::Event>]) -> Vec<usize> {
        let (arena, parked) = (&mut self.arena, &self.parked);
        let keys = items.iter().flat_map(Item::keys);
        keys.map(|key| arena.want(key, |key| parked.has_key(key))).collect()
    }

    /// Folds a page in. Every document it touches is in memory.
    pub(super) fn apply(
        &mut self,
        source: usize,
        (items, seen): (&[Item<V::Event>], Position),
        slots: &[usize],
        now: Timestamp,
    ) -> Result<(), FollowError> {
        let mut slots = slots.iter();
        self.chunk.events += items.len();
        for item in items {
            let touched = slots.by_ref().take(item.keys().len());
            let place = (source, item.position);
            if self.parked.has_stream(item.stream()) {
                touched.for_each(drop);
                self.wait(&Unit::Stream(item.stream().clone()), place);
                continue;
            }
            match &item.outcome {
                Outcome::Event(event) => {
                    for at in touched {
                        self.apply_one(*at, &event.0, (place, item.bytes), now)?;
                    }
                }
                Outcome::Unreadable { stream, reason } => {
                    self.park(Unit::Stream(stream.clone()), place, reason, now)?;
                }
            }
        }
        self.chunk.seen[source].position = seen;
        Ok(())
    }

    fn apply_one(
        &mut self,
        at: usize,
        event: &Recorded<V::Event>,
        (place, bytes): (Place, usize),
        now: Timestamp,
    ) -> Result<(), FollowError> {
        let slot = self.arena.slot(at);
        match &mut slot.state {
            State::Folded(state) => match guarded(|| state.apply(event)) {
                Ok(()) => self.arena.has_folded(at, place, bytes),
                Err(reason) => self.poison(at, place, &reason, now)?,
            },
            State::Parked => {
                let unit = Unit::Key(slot.key.clone());
                self.wait(&unit, place);
            }
            State::Unreadable(reason) => {
                let reason = reason.clone();
                self.poison(at, place, &reason, now)?;
            }
            State::Unloaded => unreachable!("documents are loaded before anything is folded"),
        }
        Ok(())
    }

    /// Parks a document whose event cannot be folded in.
    fn poison(
        &mut self,
        at: usize,
        place: Place,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), FollowError> {
        let key = self.arena.slot(at).key.clone();
        if self.arena.park(at) {
            let mut until: Vec<_> = self.chunk.seen.iter().map(|seen| seen.position).collect();
            until[place.0] = place.1.previous().unwrap_or_default();
            self.chunk.poisoned.push(Poisoned { key: key.clone(), until });
        }
        self.park(Unit::Key(key), place, reason, now)
    }

    fn park(
        &mut self,
        unit: Unit,
        (source, position): Place,
        reason: &str,
        since: Timestamp,
    ) -> Result<(), FollowError> {
        let most = self.limits.parked_max;
        if self.parked.count() >= most {
            return Err(FollowError::TooManyParked { view: self.view.clone(), most });
        }
        self.parked.park(&unit);
        self.chunk.parking.push(Parking::Park(Parked {
            unit,
            source: self.sources[source].clone(),
            position,
            reason: shortened(reason),
            tries: 1,
            since,
            waiting: 0,
            is_open: false,
        }));
        Ok(())
    }

    fn wait(&mut self, unit: &Unit, place: Place) {
        let name = || self.sources[place.0].clone();
        if let Some(waiting) = self.parked.wait(unit, place, name, self.limits.waiting_max) {
            self.chunk.parking.push(Parking::Wait { unit: unit.clone(), waiting });
        }
    }

    /// Ends the chunk: what is to be written, and what is to be restored before.
    pub(super) fn cut(&mut self, now: Timestamp) -> Result<(Write, Vec<Poisoned>), FollowError> {
        let mut changes = Vec::new();
        for at in self.arena.take_dirty() {
            match self.keep(at, now) {
                Ok(change) => changes.extend(change),
                Err(reason) => self.park_unkept(at, &reason, now)?,
            }
        }
        let advances = self.advances();
        let parking = std::mem::take(&mut self.chunk.parking);
        let poisoned = std::mem::take(&mut self.chunk.poisoned);
        self.chunk.from = self.chunk.seen.iter().copied().map(Some).collect();
        self.chunk.events = 0;
        let view = self.view.clone();
        Ok((Write { view, advances, changes, parking, is_decision: false }, poisoned))
    }

    fn advances(&self) -> Vec<Advance> {
        let all = self.sources.iter().zip(&self.chunk.from).zip(&self.chunk.seen);
        all.map(|((source, from), to)| Advance { source: source.clone(), from: *from, to: *to })
            .collect()
    }

    /// What is to be written of a document; nothing, if its time is over before it was.
    fn keep(&mut self, at: usize, now: Timestamp) -> Result<Option<Change>, String> {
        let slot = self.arena.slot(at);
        let (State::Folded(state), Some((source, position))) = (&slot.state, slot.last) else {
            unreachable!("a document that has changed is folded");
        };
        if is_over(state, now) {
            let key = slot.key.clone();
            let gone = slot.stored.take();
            self.arena.has_removed(at);
            return Ok(gone.map(|gone| Change::Remove { key, gone }));
        }
        let last = LastEvent { source: self.sources[source].clone(), position };
        let document = document_of(&slot.key, state, last, &self.limits)?;
        let change = Change::put(document.clone(), slot.stored.as_deref());
        self.arena.has_written(at, document.json.len(), document.entries);
        Ok(Some(change))
    }

    /// Parks a document that cannot be written. Which of the chunk's events made it so is not
    /// known, so it stays as the store has it and all of them wait.
    fn park_unkept(&mut self, at: usize, reason: &str, now: Timestamp) -> Result<(), FollowError> {
        let slot = self.arena.slot(at);
        let unit = Unit::Key(slot.key.clone());
        let first = slot.first.expect("a document that has changed knows since when");
        self.arena.park(at);
        self.park(unit.clone(), first, reason, now)?;
        for source in 0..self.sources.len() {
            let before = self.chunk.from[source].map(|from| from.position).unwrap_or_default();
            let after = if source == first.0 { first.1 } else { before };
            self.parked.open(&unit, source);
            let (name, position) = (self.sources[source].clone(), after.next());
            let waiting = Waiting { source: name, position, and_all_after: true };
            self.chunk.parking.push(Parking::Wait { unit: unit.clone(), waiting });
        }
        Ok(())
    }
}
