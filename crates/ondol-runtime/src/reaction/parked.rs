//! Streams that are parked, as the one who runs knows them.

use std::collections::HashMap;

use ondol_kernel::{Position, StreamId, Timestamp};
use ondol_views::{DocumentKey, Parked, Parking, SourceName, Unit, Waiting, shortened};
use tokio::sync::oneshot;

use super::attend::Poison;
use super::control::{MendError, Mended};
use super::lanes::LaneKey;

/// A stream that is parked.
#[derive(Debug)]
pub(super) struct ParkedLane {
    /// What is known of the event in the way.
    pub(super) parked: Parked,
    /// The last event of the stream that was told to wait, or before which it may be.
    pub(super) last: Position,
    /// How many of those that wait are kept by position.
    kept: usize,
    pub(super) is_draining: bool,
    /// Whether something was decided while it was being worked off.
    pub(super) is_decided_anew: bool,
    /// Who wants to hear what comes of a try.
    pub(super) waiters: Vec<oneshot::Sender<Result<Mended, MendError>>>,
}

impl ParkedLane {
    fn new(parked: Parked, last: Position) -> Self {
        let (kept, waiters) = (0, Vec::new());
        let (is_draining, is_decided_anew) = (false, false);
        Self { parked, last, kept, is_draining, is_decided_anew, waiters }
    }
}

/// All streams that are parked.
#[derive(Debug)]
pub(super) struct ParkedLanes {
    pub(super) lanes: HashMap<LaneKey, ParkedLane>,
    waiting_max: usize,
}

impl ParkedLanes {
    pub(super) fn new(waiting_max: usize) -> Self {
        Self { lanes: HashMap::new(), waiting_max }
    }

    /// Notes what was parked before. What waits may stand anywhere up to where the feed was read.
    pub(super) fn restore(&mut self, sources: &[SourceName], parked: Parked, read: &[Position]) {
        let Some(key) = lane_of(sources, &parked.unit) else { return };
        let kept = usize::try_from(parked.waiting).unwrap_or(usize::MAX);
        let last = read[key.0];
        self.lanes.insert(key, ParkedLane { kept, ..ParkedLane::new(parked, last) });
    }

    /// Parks a stream behind an event.
    pub(super) fn park(
        &mut self,
        source: &SourceName,
        key: LaneKey,
        (position, poison): (Position, Poison),
        since: Timestamp,
    ) -> Option<Parking> {
        let parked = Parked {
            unit: unit_of(source, &key.1)?,
            source: source.clone(),
            position,
            reason: shortened(&poison.reason),
            tries: poison.tries,
            since,
            waiting: 0,
            is_open: false,
        };
        let parking = Parking::Park(parked.clone());
        self.lanes.insert(key, ParkedLane::new(parked, position));
        Some(parking)
    }

    /// Has an event wait, if its stream is parked.
    pub(super) fn wait(&mut self, key: &LaneKey, position: Position) -> Option<Option<Parking>> {
        if self.lanes.is_empty() {
            return None;
        }
        let lane = self.lanes.get_mut(key)?;
        lane.last = lane.last.max(position);
        lane.kept = lane.kept.saturating_add(1);
        let and_all_after = lane.kept == self.waiting_max;
        let parking = (lane.kept <= self.waiting_max).then(|| Parking::Wait {
            unit: lane.parked.unit.clone(),
            waiting: Waiting { source: lane.parked.source.clone(), position, and_all_after },
        });
        Some(parking)
    }
}

/// What a stream of a feed is called while it is parked.
pub(super) fn unit_of(source: &SourceName, stream: &StreamId) -> Option<Unit> {
    DocumentKey::new(format!("{source}/{stream}")).ok().map(Unit::Key)
}

/// Which stream of which feed is parked under a name.
pub(super) fn lane_of(sources: &[SourceName], unit: &Unit) -> Option<LaneKey> {
    let Unit::Key(key) = unit else { return None };
    let (source, stream) = key.as_str().split_once('/')?;
    let at = sources.iter().position(|one| one.as_str() == source)?;
    Some((at, stream.parse().ok()?))
}
