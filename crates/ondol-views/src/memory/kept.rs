//! One set of documents in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use crate::query::{Place, Scan};
use crate::{
    Advance, Change, Checkpoint, Definition, Direction, Document, DocumentKey, Entry, Parked,
    Parking, SourceCheckpoint, SourceName, Unit, ValueSpan, ViewStatus, Waiting, Write, WriteError,
};

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) definition: Definition,
    pub(super) documents: BTreeMap<DocumentKey, Document>,
    entries: BTreeSet<(u16, Place)>,
    checkpoints: BTreeMap<SourceName, Checkpoint>,
    parked: BTreeMap<Unit, (Parked, VecDeque<Waiting>)>,
}

impl Kept {
    pub(super) fn new(definition: Definition) -> Self {
        Self {
            definition,
            documents: BTreeMap::new(),
            entries: BTreeSet::new(),
            checkpoints: BTreeMap::new(),
            parked: BTreeMap::new(),
        }
    }

    pub(super) fn status(&self, is_serving: bool) -> ViewStatus {
        ViewStatus {
            definition: self.definition.clone(),
            is_serving,
            documents: u64::try_from(self.documents.len()).unwrap_or(u64::MAX),
            parked: u64::try_from(self.parked.len()).unwrap_or(u64::MAX),
            checkpoints: self.checkpoints(),
        }
    }

    pub(super) fn checkpoints(&self) -> Vec<SourceCheckpoint> {
        let one = |(source, checkpoint): (&SourceName, &Checkpoint)| SourceCheckpoint {
            source: source.clone(),
            checkpoint: *checkpoint,
        };
        self.checkpoints.iter().map(one).collect()
    }

    pub(super) fn check(&self, write: &Write) -> Result<(), WriteError> {
        write.advances.iter().try_for_each(|advance| self.check_one(advance))
    }

    pub(super) fn write(&mut self, write: Write) {
        write.changes.into_iter().for_each(|change| self.change(change));
        write.parking.into_iter().for_each(|parking| self.park(parking));
        for advance in write.advances {
            self.checkpoints.insert(advance.source, advance.to);
        }
    }

    fn check_one(&self, advance: &Advance) -> Result<(), WriteError> {
        let found = self.checkpoints.get(&advance.source).copied();
        if found == advance.from {
            return Ok(());
        }
        let (log, expected) = (advance.source.clone(), advance.from);
        Err(WriteError::Conflict { log, expected, found })
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Put { document, gone, fresh, is_new: _ } => {
                self.forget(&document.key, gone);
                for entry in fresh {
                    self.entries.insert(place(&document.key, entry));
                }
                self.documents.insert(document.key.clone(), document);
            }
            Change::Remove { key, gone } => {
                self.forget(&key, gone);
                self.documents.remove(&key);
            }
        }
    }

    fn forget(&mut self, key: &DocumentKey, gone: Vec<Entry>) {
        for entry in gone {
            self.entries.remove(&place(key, entry));
        }
    }

    fn park(&mut self, parking: Parking) {
        match parking {
            Parking::Park(parked) => {
                let waiting =
                    self.parked.remove(&parked.unit).map(|(_, queue)| queue).unwrap_or_default();
                self.parked.insert(parked.unit.clone(), (parked, waiting));
            }
            Parking::Wait { unit, waiting } => {
                if let Some((_, queue)) = self.parked.get_mut(&unit) {
                    queue.push_back(waiting);
                }
            }
            Parking::Dealt { unit, count } => {
                if let Some((_, queue)) = self.parked.get_mut(&unit) {
                    let count = usize::try_from(count).unwrap_or(usize::MAX);
                    queue.drain(..count.min(queue.len()));
                }
            }
            Parking::Release(unit) => {
                self.parked.remove(&unit);
            }
        }
    }

    pub(super) fn parked(&self, after: Option<&Unit>, limit: usize) -> Vec<Parked> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let parked = self.parked.range::<Unit, _>((from, Bound::Unbounded));
        parked.take(limit).map(|(_, (parked, queue))| counted(parked, queue)).collect()
    }

    pub(super) fn waiting(&self, unit: &Unit) -> Vec<Waiting> {
        self.parked.get(unit).map(|(_, queue)| queue.iter().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn scan(&self, scan: &Scan) -> Vec<(Place, Document)> {
        let wanted = scan.limit + 1;
        match scan.index {
            None => self.walk(scan, wanted, self.documents.keys().map(key_place)),
            Some(index) => self.walk(scan, wanted, self.places(index)),
        }
    }

    pub(super) fn count(&self, index: Option<u16>, span: &ValueSpan, most: usize) -> usize {
        match index {
            None => self
                .documents
                .keys()
                .filter(|key| span.contains(key.as_str().as_bytes()))
                .take(most + 1)
                .count(),
            Some(index) => self
                .places(index)
                .filter(|place| span.contains(&place.value))
                .take(most + 1)
                .count(),
        }
    }

    fn places(&self, index: u16) -> impl DoubleEndedIterator<Item = Place> {
        let in_index = move |(of, place): &(u16, Place)| (*of == index).then(|| place.clone());
        self.entries.iter().filter_map(in_index)
    }

    fn walk(
        &self,
        scan: &Scan,
        wanted: usize,
        places: impl DoubleEndedIterator<Item = Place>,
    ) -> Vec<(Place, Document)> {
        let in_span = |place: &Place| match scan.index {
            None => scan.span.contains(place.key.as_bytes()),
            Some(_) => scan.span.contains(&place.value),
        };
        let beyond = |place: &Place| match (&scan.after, scan.direction) {
            (None, _) => true,
            (Some(after), Direction::Ascending) => place > after,
            (Some(after), Direction::Descending) => place < after,
        };
        let found = |place: Place| {
            let document = self.documents.get(place.key.as_str())?.clone();
            Some((place, document))
        };
        let places = places.filter(|place| in_span(place) && beyond(place));
        match scan.direction {
            Direction::Ascending => places.filter_map(found).take(wanted).collect(),
            Direction::Descending => places.rev().filter_map(found).take(wanted).collect(),
        }
    }
}

fn place(key: &DocumentKey, entry: Entry) -> (u16, Place) {
    (entry.index, Place { value: entry.value, key: key.as_str().to_owned() })
}

fn key_place(key: &DocumentKey) -> Place {
    Place { value: Vec::new(), key: key.as_str().to_owned() }
}

fn counted(parked: &Parked, queue: &VecDeque<Waiting>) -> Parked {
    Parked {
        waiting: u64::try_from(queue.len()).unwrap_or(u64::MAX),
        is_open: queue.iter().any(|waiting| waiting.and_all_after),
        ..parked.clone()
    }
}
