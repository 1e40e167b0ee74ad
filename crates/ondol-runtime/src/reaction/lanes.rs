//! The events that are held: of one stream one after the other, of different ones side by side.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use ondol_kernel::{Envelope, StreamId};

/// A stream of one feed.
pub(super) type LaneKey = (usize, StreamId);

#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, VecDeque<Arc<Envelope>>>,
    ready: VecDeque<LaneKey>,
    held: usize,
}

impl Lanes {
    /// Holds one more event, behind those of its stream.
    pub(super) fn hold(&mut self, key: LaneKey, event: Arc<Envelope>) {
        self.held += 1;
        match self.lanes.get_mut(&key) {
            Some(lane) => lane.push_back(event),
            None => {
                self.ready.push_back(key.clone());
                self.lanes.insert(key, VecDeque::from([event]));
            }
        }
    }

    /// The next event that can be dealt with. Its stream is busy until it is told otherwise.
    pub(super) fn next(&mut self) -> Option<(LaneKey, Arc<Envelope>)> {
        let key = self.ready.pop_front()?;
        let event = self.lanes.get_mut(&key)?.pop_front()?;
        self.held -= 1;
        Some((key, event))
    }

    /// A stream is no longer busy.
    pub(super) fn is_free(&mut self, key: LaneKey) {
        match self.lanes.get(&key) {
            Some(lane) if lane.is_empty() => drop(self.lanes.remove(&key)),
            Some(_) => self.ready.push_back(key),
            None => {}
        }
    }

    /// Takes out all that waits of a stream, which is no longer busy.
    pub(super) fn take(&mut self, key: &LaneKey) -> VecDeque<Arc<Envelope>> {
        let lane = self.lanes.remove(key).unwrap_or_default();
        self.held -= lane.len();
        lane
    }

    /// How many events are held, without those that are dealt with.
    pub(super) const fn held(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests;
