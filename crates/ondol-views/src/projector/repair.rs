//! Mending by hand: what is parked is tried again or passed over, one document is rebuilt.
//!
//! Nothing else is folded meanwhile, and everything that was folded is written, so the store
//! stands exactly at its checkpoints.

mod queue;

use std::collections::BTreeMap;

use ondol_domain::View;
use ondol_kernel::Position;
use tokio::sync::oneshot;

use self::queue::Queue;
use super::FollowError;
use super::core::Core;
use super::kept::document_of;
use super::read::Item;
use super::replay::{Documents, Poison, Range, Replayed, Waits};
use crate::{
    Advance, Change, Document, DocumentKey, Entry, Parked, Parking, SourceCheckpoint, Unit,
    Waiting, Write, shortened,
};

/// Something to be mended, and whom to tell.
#[derive(Debug)]
pub(super) struct Repair {
    pub(super) what: What,
    pub(super) answer: oneshot::Sender<Result<Repaired, RepairError>>,
}

/// What is to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Try again what is parked.
    Retry(Unit),
    /// Leave out the event that is in the way, for good.
    Skip(Unit),
    /// Fold one document anew from the beginning.
    Rebuild(DocumentKey),
}

/// What has been mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The documents that have changed.
    pub keys: Vec<DocumentKey>,
    /// What is in the way now, if anything still is.
    pub parked: Option<Parked>,
}

/// Why nothing was mended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// It is not parked.
    #[error("{unit} is not parked")]
    NotParked {
        /// What was asked for.
        unit: Unit,
    },
    /// It was folded from a log that the view is no longer folded from.
    #[error("{unit} waits for the log {log}, which the view is not folded from")]
    UnknownLog {
        /// What was asked for.
        unit: Unit,
        /// The log.
        log: crate::SourceName,
    },
    /// Nobody folds the view at present.
    #[error("the view is not being folded at present")]
    NotRunning,
    /// The log could not be read or the documents not be written.
    #[error("the repair could not be made")]
    Failed(#[from] FollowError),
}

impl RepairError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotParked { .. } => "view-not-parked",
            Self::UnknownLog { .. } => "view-parked-log-unknown",
            Self::NotRunning => "view-not-running",
            Self::Failed(error) => error.code(),
        }
    }
}

impl<V: View> Core<V> {
    pub(super) async fn repair(
        &self,
        at: &[SourceCheckpoint],
        what: What,
    ) -> Result<Repaired, RepairError> {
        match what {
            What::Retry(unit) => self.unpark(at, unit, false).await,
            What::Skip(unit) => self.unpark(at, unit, true).await,
            What::Rebuild(key) => self.rebuild(at, key).await,
        }
    }

    async fn unpark(
        &self,
        at: &[SourceCheckpoint],
        unit: Unit,
        skips: bool,
    ) -> Result<Repaired, RepairError> {
        let all = self.all_parked().await?;
        let parked = all.iter().find(|one| one.unit == unit).cloned();
        let parked = parked.ok_or_else(|| RepairError::NotParked { unit: unit.clone() })?;
        let others = Waits::of(all.iter().filter(|one| one.unit != unit), |name| {
            self.reading.place_of(name)
        });
        let queue = self.queue(at, parked, skips).await?;
        match unit {
            Unit::Key(key) => self.unpark_key(at, key, queue, &others).await,
            Unit::Stream(_) => self.unpark_stream(at, queue, &others).await,
        }
    }

    async fn unpark_key(
        &self,
        at: &[SourceCheckpoint],
        key: DocumentKey,
        queue: Queue,
        others: &Waits,
    ) -> Result<Repaired, RepairError> {
        let stored = self.stored(vec![key.clone()]).await?.remove(&key);
        let mut seeds = Documents::new();
        let seed = stored.clone().map(Replayed::of).transpose();
        match seed {
            Ok(seed) => drop(seeds.insert(key.clone(), seed.unwrap_or_default())),
            // The document itself is what is in the way: rebuilding it is what helps.
            Err(reason) => {
                let poison = Poison { range: 0, position: queue.parked.position, reason };
                return self.park_again(at, queue, poison, Vec::new()).await;
            }
        }
        let wants = |source: usize, item: &Item<V::Event>, touched: &str| {
            touched == key.as_str() && !others.has_stream(source, item)
        };
        let (mut documents, _) = self.reading.replay(&queue.ranges, seeds, wants).await?;
        let replayed = documents.remove(&key).unwrap_or_default();
        let (change, poison) = self.change(&key, stored.as_ref(), replayed, &queue.ranges);
        self.release_or_park(at, queue, poison, change.into_iter().collect(), Vec::new()).await
    }

    /// Folds what waits behind a stream. Documents that have moved on meanwhile, by other
    /// streams, are folded anew from the beginning, for order's sake.
    async fn unpark_stream(
        &self,
        at: &[SourceCheckpoint],
        queue: Queue,
        others: &Waits,
    ) -> Result<Repaired, RepairError> {
        let touched = self.touched(&queue, others).await?;
        let keys: Vec<_> = touched.keys.iter().cloned().collect();
        let stored = self.stored(keys.clone()).await?;
        let first = queue.ranges.first().copied();
        let seeds = stored.iter().filter_map(|(key, document)| {
            Some((key.clone(), Replayed::of(document.clone()).ok()?))
        });
        let mut seeds: Documents<V> = seeds.collect();
        let is_in_order = seeds.len() == stored.len()
            && stored.values().all(|document| {
                first.is_none_or(|first| {
                    self.reading.sources[first.source].name == document.last.source
                        && document.last.position <= first.after
                })
            });
        if !is_in_order {
            seeds.clear();
        }
        let ranges = if is_in_order { queue.ranges.clone() } else { self.whole(at) };
        let stops = touched
            .poison
            .as_ref()
            .map(|poison| (queue.ranges[poison.range].source, poison.position));
        let wants = |source: usize, item: &Item<V::Event>, key: &str| {
            let is_ours = Unit::Stream(item.stream().clone()) == queue.parked.unit;
            let is_beyond =
                is_ours && stops.is_some_and(|(of, from)| source == of && item.position >= from);
            let is_meant = if is_in_order { is_ours } else { !others.has_stream(source, item) };
            is_meant && !is_beyond && touched.keys.contains(key)
        };
        let (documents, _) = self.reading.replay(&ranges, seeds, wants).await?;
        let (mut changes, mut parking) = (Vec::new(), touched.waits);
        for (key, replayed) in documents {
            let (change, poison) = self.change(&key, stored.get(&key), replayed, &ranges);
            changes.extend(change);
            parking.extend(
                poison.into_iter().flat_map(|poison| self.park_rest(&key, &poison, &ranges)),
            );
        }
        self.release_or_park(at, queue, touched.poison, changes, parking).await
    }

    /// Folds one document anew.
    async fn rebuild(
        &self,
        at: &[SourceCheckpoint],
        key: DocumentKey,
    ) -> Result<Repaired, RepairError> {
        let all = self.all_parked().await?;
        let unit = Unit::Key(key.clone());
        let waits = Waits::of(&all, |name| self.reading.place_of(name));
        let stored = self.stored(vec![key.clone()]).await?.remove(&key);
        let ranges = self.whole(at);
        let wants = |source: usize, item: &Item<V::Event>, touched: &str| {
            touched == key.as_str() && !waits.has_stream(source, item)
        };
        let (mut documents, _) = self.reading.replay(&ranges, Documents::new(), wants).await?;
        let (change, poison) = match documents.remove(&key) {
            Some(replayed) => self.change(&key, stored.as_ref(), replayed, &ranges),
            None => (removal(&key, stored.as_ref()), None),
        };
        let mut parking = vec![Parking::Release(unit.clone())];
        parking.extend(poison.iter().flat_map(|poison| self.park_rest(&key, poison, &ranges)));
        self.decide(at, change.into_iter().collect(), parking).await?;
        Ok(Repaired { keys: vec![key], parked: self.find(&unit).await? })
    }

    /// What becomes of a document, and what still is in the way.
    fn change(
        &self,
        key: &DocumentKey,
        stored: Option<&Document>,
        replayed: Replayed<V>,
        ranges: &[Range],
    ) -> (Option<Change>, Option<Poison>) {
        let Replayed { state, last, poison } = replayed;
        let Some(last) = last else { return (removal(key, stored), poison) };
        let had = stored.map(|document| document.entries.as_slice());
        match document_of(key, &state, last, self.views.limits()) {
            Ok(document) => (Some(Change::put(document, had)), poison),
            Err(reason) => {
                let first = ranges.first().map_or(Position::START, |range| range.after.next());
                (None, Some(Poison { range: 0, position: first, reason }))
            }
        }
    }

    /// Releases what was parked, or says anew what is in the way and keeps what still waits.
    async fn release_or_park(
        &self,
        at: &[SourceCheckpoint],
        queue: Queue,
        poison: Option<Poison>,
        changes: Vec<Change>,
        mut parking: Vec<Parking>,
    ) -> Result<Repaired, RepairError> {
        if let Some(poison) = poison {
            self.decide(at, changes.clone(), parking).await?;
            return self.park_again(at, queue, poison, keys_of(&changes)).await;
        }
        let unit = queue.parked.unit.clone();
        parking.insert(0, Parking::Release(unit.clone()));
        self.decide(at, changes.clone(), parking).await?;
        Ok(Repaired { keys: keys_of(&changes), parked: None })
    }

    async fn park_again(
        &self,
        at: &[SourceCheckpoint],
        queue: Queue,
        poison: Poison,
        mut keys: Vec<DocumentKey>,
    ) -> Result<Repaired, RepairError> {
        let Queue { parked, ranges, waiting } = queue;
        let unit = parked.unit.clone();
        let range = ranges.get(poison.range);
        let source = range.map_or_else(
            || parked.source.clone(),
            |range| self.reading.sources[range.source].name.clone(),
        );
        let is_same = source == parked.source && poison.position == parked.position;
        let tries = if is_same { parked.tries.saturating_add(1) } else { 1 };
        let reason = shortened(&poison.reason);
        let (position, since) = (poison.position, parked.since);
        let again = Parked { source: source.clone(), position, reason, tries, since, ..parked };
        let mut parking = vec![Parking::Park(again)];
        // The ranges are the event in the way, unless it was skipped, and then what waits.
        let skipped = ranges.len() == waiting.len();
        let dealt = if skipped { poison.range + 1 } else { poison.range };
        if !is_same && dealt > 0 {
            let count = u64::try_from(dealt).unwrap_or(u64::MAX);
            parking.push(Parking::Dealt { unit: unit.clone(), count });
            let reached = waiting.get(dealt - 1).filter(|waiting| waiting.and_all_after);
            if let Some(open) = reached {
                let waiting = Waiting { position: position.next(), ..open.clone() };
                parking.push(Parking::Wait { unit: unit.clone(), waiting });
            }
        }
        self.decide(at, Vec::new(), parking).await?;
        if let Unit::Key(key) = &unit {
            keys.push(key.clone());
        }
        Ok(Repaired { keys, parked: self.find(&unit).await? })
    }

    /// Parks a document at an event of a replay; everything after it waits.
    fn park_rest(&self, key: &DocumentKey, poison: &Poison, ranges: &[Range]) -> Vec<Parking> {
        let unit = Unit::Key(key.clone());
        let name = |range: &Range| self.reading.sources[range.source].name.clone();
        let parked = Parked {
            unit: unit.clone(),
            source: name(&ranges[poison.range]),
            position: poison.position,
            reason: shortened(&poison.reason),
            tries: 1,
            since: self.clock.now(),
            waiting: 0,
            is_open: false,
        };
        let rest = ranges.iter().enumerate().skip(poison.range).map(|(number, range)| {
            let after = if number == poison.range { poison.position } else { range.after };
            let (source, position) = (name(range), after.next());
            let waiting = Waiting { source, position, and_all_after: true };
            Parking::Wait { unit: unit.clone(), waiting }
        });
        std::iter::once(Parking::Park(parked)).chain(rest).collect()
    }

    /// Writes what was decided, if the checkpoints still stand where they stood.
    async fn decide(
        &self,
        at: &[SourceCheckpoint],
        changes: Vec<Change>,
        parking: Vec<Parking>,
    ) -> Result<(), RepairError> {
        let advances = at.iter().map(|one| Advance {
            source: one.source.clone(),
            from: Some(one.checkpoint),
            to: one.checkpoint,
        });
        let view = self.view.clone();
        let advances = advances.collect();
        let write = Write { view, advances, changes, parking, is_decision: true };
        self.views.write(write).await.map_err(FollowError::from)?;
        Ok(())
    }

    pub(super) async fn all_parked(&self) -> Result<Vec<Parked>, FollowError> {
        let most = self.views.limits().parked_max;
        Ok(self.views.parked(&self.view, None, most).await?)
    }

    async fn find(&self, unit: &Unit) -> Result<Option<Parked>, FollowError> {
        Ok(self.all_parked().await?.into_iter().find(|one| one.unit == *unit))
    }

    async fn stored(
        &self,
        keys: Vec<DocumentKey>,
    ) -> Result<BTreeMap<DocumentKey, Document>, FollowError> {
        let loaded = self.views.load(&self.view, keys).await?;
        let found = loaded.documents.into_iter().flatten();
        Ok(found.map(|document| (document.key.clone(), document)).collect())
    }

    /// All of every log that has been folded in.
    fn whole(&self, at: &[SourceCheckpoint]) -> Vec<Range> {
        let one = |one: &SourceCheckpoint| {
            let source = self.reading.place_of(&one.source)?;
            Some(Range { source, after: Position::START, until: one.checkpoint.position })
        };
        at.iter().filter_map(one).collect()
    }
}

fn removal(key: &DocumentKey, stored: Option<&Document>) -> Option<Change> {
    let gone: Vec<Entry> = stored?.entries.clone();
    Some(Change::Remove { key: key.clone(), gone })
}

fn keys_of(changes: &[Change]) -> Vec<DocumentKey> {
    changes.iter().map(|change| change.key().clone()).collect()
}
