//! What waits behind a parked unit, and what it touches.

use std::collections::BTreeSet;

use ondol_domain::View;

use super::super::FollowError;
use super::super::core::Core;
use super::super::read::{Item, Outcome};
use super::super::replay::{Poison, Range, Waits};
use super::RepairError;
use crate::{DocumentKey, Parked, Parking, SourceCheckpoint, Unit, Waiting};

/// What waits behind a unit, as parts of logs in order: the event in the way, then the others.
pub(super) struct Queue {
    pub(super) parked: Parked,
    pub(super) ranges: Vec<Range>,
    pub(super) waiting: Vec<Waiting>,
}

impl<V: View> Core<V> {
    pub(super) async fn queue(
        &self,
        at: &[SourceCheckpoint],
        parked: Parked,
        skips: bool,
    ) -> Result<Queue, RepairError> {
        let waiting = self.views.waiting(&self.view, &parked.unit).await;
        let waiting = waiting.map_err(FollowError::from)?;
        let in_the_way = Waiting {
            source: parked.source.clone(),
            position: parked.position,
            and_all_after: false,
        };
        let first = (!skips).then_some(in_the_way);
        let ranges = first.iter().chain(&waiting).map(|one| {
            let unknown =
                || RepairError::UnknownLog { unit: parked.unit.clone(), log: one.source.clone() };
            let source = self.reading.place_of(&one.source).ok_or_else(unknown)?;
            let end = crate::checkpoint_of(at, &one.source).map(|end| end.position);
            let until = if one.and_all_after { end.unwrap_or(one.position) } else { one.position };
            let after = one.position.previous().unwrap_or_default();
            Ok::<_, RepairError>(Range { source, after, until })
        });
        let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
        Ok(Queue { parked, ranges, waiting })
    }

    /// The documents that the events waiting behind a stream touch.
    pub(super) async fn touched(
        &self,
        queue: &Queue,
        others: &Waits,
    ) -> Result<Touched, RepairError> {
        let mut touched = Touched { keys: BTreeSet::new(), waits: Vec::new(), poison: None };
        let note = |number: usize, item: &Item<V::Event>| {
            let is_ours = Unit::Stream(item.stream().clone()) == queue.parked.unit;
            if is_ours && touched.poison.is_none() {
                let source = &self.reading.sources[queue.ranges[number].source].name;
                touched.note(number, item, source, others);
            }
        };
        self.reading.each(&queue.ranges, note).await?;
        Ok(touched)
    }
}

/// What the events waiting behind a stream touch.
pub(super) struct Touched {
    pub(super) keys: BTreeSet<DocumentKey>,
    /// Events that go on waiting, behind documents that are parked themselves.
    pub(super) waits: Vec<Parking>,
    pub(super) poison: Option<Poison>,
}

impl Touched {
    fn note<E>(
        &mut self,
        range: usize,
        item: &Item<E>,
        source: &crate::SourceName,
        others: &Waits,
    ) {
        if let Outcome::Unreadable { reason, .. } = &item.outcome {
            let (position, reason) = (item.position, reason.clone());
            self.poison = Some(Poison { range, position, reason });
        }
        for key in item.keys() {
            let key = DocumentKey::new(key.as_str());
            let key = key.expect("the keys of an event were checked when read");
            if others.is_parked(key.as_str()) {
                let position = item.position;
                let waiting = Waiting { source: source.clone(), position, and_all_after: false };
                self.waits.push(Parking::Wait { unit: Unit::Key(key), waiting });
            } else {
                self.keys.insert(key);
            }
        }
    }
}
