//! What is parked, as the fold needs to know it: what must wait, and whether there is room.

use std::collections::{BTreeSet, HashMap};

use ondol_kernel::{Position, StreamId};

use crate::{DocumentKey, Parked, Unit, Waiting};

#[derive(Debug, Default)]
pub(super) struct ParkedSet {
    keys: HashMap<DocumentKey, Queue>,
    streams: HashMap<StreamId, Queue>,
}

/// How much waits behind one unit.
#[derive(Debug, Default)]
struct Queue {
    kept: usize,
    /// The logs of which everything that follows waits.
    open: BTreeSet<usize>,
}

impl ParkedSet {
    /// Notes what was parked before; `open` names the logs of which all that follows waits.
    pub(super) fn restore(&mut self, parked: &Parked, open: BTreeSet<usize>) {
        let kept = usize::try_from(parked.waiting).unwrap_or(usize::MAX);
        *self.queue(&parked.unit) = Queue { kept, open };
    }

    pub(super) fn park(&mut self, unit: &Unit) {
        *self.queue(unit) = Queue::default();
    }

    pub(super) fn has_key(&self, key: &str) -> bool {
        !self.keys.is_empty() && self.keys.contains_key(key)
    }

    pub(super) fn has_stream(&self, stream: &StreamId) -> bool {
        !self.streams.is_empty() && self.streams.contains_key(stream)
    }

    pub(super) fn count(&self) -> usize {
        self.keys.len() + self.streams.len()
    }

    /// How an event is to wait behind a unit; not at all, if all that follows waits already.
    pub(super) fn wait(
        &mut self,
        unit: &Unit,
        (source, position): (usize, Position),
        name: impl FnOnce() -> crate::SourceName,
        most: usize,
    ) -> Option<Waiting> {
        let queue = self.queue(unit);
        if queue.open.contains(&source) {
            return None;
        }
        queue.kept += 1;
        let and_all_after = queue.kept > most;
        if and_all_after {
            queue.open.insert(source);
        }
        Some(Waiting { source: name(), position, and_all_after })
    }

    /// All that follows in a log waits from now on.
    pub(super) fn open(&mut self, unit: &Unit, source: usize) {
        self.queue(unit).open.insert(source);
    }

    fn queue(&mut self, unit: &Unit) -> &mut Queue {
        match unit {
            Unit::Key(key) => self.keys.entry(key.clone()).or_default(),
            Unit::Stream(stream) => self.streams.entry(stream.clone()).or_default(),
        }
    }
}
