//! What was told of the last events of a log: kept once, for all who read along.
//!
//! Most who follow a feed are where it ends, and want the same of it. So what is new is read and
//! translated by whichever of them comes first, and the others take it from here. One of those
//! who wait watches the log, and the others watch what is kept here: whoever writes wakes one and
//! not all. Whoever is further behind than is kept reads for himself, and so slows down nobody who
//! is not.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use ondol_kernel::{Envelope, Position};
use ondol_store::LogEpoch;
use tokio::sync::{Mutex, MutexGuard, watch};

use super::{Part, Published, ReadFeed};
use crate::is_untold;

/// How many bytes of events are kept, besides those that were read last.
const KEPT_BYTES_MAX: usize = 8 << 20;
/// What an event takes besides its data, about.
const EVENT_BYTES: usize = 512;

/// What was told of the last events of a log.
#[derive(Debug, Default)]
pub(super) struct Recent {
    kept: RwLock<Kept>,
    filling: Mutex<()>,
    watching: Mutex<()>,
    /// Up to which position of which life of the log things are kept.
    grown: watch::Sender<(Option<LogEpoch>, Position)>,
}

#[derive(Debug, Default)]
struct Kept {
    epoch: Option<LogEpoch>,
    /// Everything that is told of what comes after this position and up to the other is here.
    from: Position,
    to: Position,
    told: VecDeque<Told>,
    bytes: usize,
}

/// What is told of one position: one event at least.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) position: Position,
    pub(super) events: Vec<Arc<Envelope>>,
}

/// What is found after a position.
#[derive(Debug)]
pub(super) enum Found {
    /// This, up to a position.
    Events(Vec<Published>, Position),
    /// It is too long ago.
    Gone,
    /// Nothing yet: it is to be read from the log.
    Nothing,
}

impl Recent {
    /// What is kept of what comes after a position, as far as it is wanted.
    pub(super) fn after(&self, epoch: LogEpoch, after: Position, read: &ReadFeed) -> Found {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.epoch != Some(epoch) || after >= kept.to {
            return Found::Nothing;
        }
        if after < kept.from {
            return Found::Gone;
        }
        let begin = kept.told.partition_point(|told| told.position <= after);
        let (mut events, mut seen) = (Wanted::of(read), after);
        for told in kept.told.range(begin..) {
            if events.published.len() >= read.limit {
                return Found::Events(events.published, seen);
            }
            events.add(told.position, &told.events);
            seen = told.position;
        }
        Found::Events(events.published, kept.to)
    }

    /// Up to where things are kept, if that is more than what comes up to a position.
    pub(super) fn kept_after(&self, epoch: LogEpoch, after: Position) -> Option<Position> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (kept.epoch == Some(epoch) && kept.from <= after && kept.to > after).then_some(kept.to)
    }

    /// Lets one at a time read on in the log for all.
    pub(super) async fn fill(&self) -> MutexGuard<'_, ()> {
        self.filling.lock().await
    }

    /// Lets one at a time watch the log for all.
    pub(super) async fn watch_the_log(&self) -> MutexGuard<'_, ()> {
        self.watching.lock().await
    }

    /// Comes to its end once more is kept than what comes up to a position.
    pub(super) async fn has_grown(&self, epoch: LogEpoch, after: Position) {
        let mut grown = self.grown.subscribe();
        let is_more = |(of, to): &(Option<LogEpoch>, Position)| *of == Some(epoch) && *to > after;
        if grown.wait_for(is_more).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Keeps what was told between two positions. What does not follow what is kept takes its
    /// place: whoever is the furthest is read along with.
    pub(super) fn add(
        &self,
        epoch: LogEpoch,
        (after, seen): (Position, Position),
        told: Vec<Told>,
    ) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.epoch != Some(epoch) || kept.to != after {
            *kept = Kept { epoch: Some(epoch), from: after, to: after, ..Kept::default() };
        }
        kept.to = seen;
        for one in told {
            kept.bytes += one.bytes();
            kept.told.push_back(one);
        }
        // What has just been read stays, however much it is: those who wait for it take it next.
        while kept.bytes > KEPT_BYTES_MAX
            && let Some(oldest) = kept.told.pop_front_if(|oldest| oldest.position <= after)
        {
            kept.bytes -= oldest.bytes();
            kept.from = oldest.position;
        }
        drop(kept);
        self.grown.send_replace((Some(epoch), seen));
    }
}

impl Told {
    fn bytes(&self) -> usize {
        self.events.iter().map(|event| EVENT_BYTES + event.data.bytes.len()).sum()
    }
}

/// What of that which is told is wanted, each event naming the position before it.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    read: &'a ReadFeed,
    previous: Position,
    pub(super) published: Vec<Published>,
}

impl<'a> Wanted<'a> {
    pub(super) const fn of(read: &'a ReadFeed) -> Self {
        Self { read, previous: read.after, published: Vec::new() }
    }

    /// One that stands for an event that cannot be told is wanted by everybody.
    fn is_wanted(&self, event: &Envelope) -> bool {
        let types = &self.read.types;
        types.is_empty() || types.contains(&event.event_type) || is_untold(event)
    }

    /// Adds what is told of one position.
    pub(super) fn add(&mut self, position: Position, told: &[Arc<Envelope>]) {
        let count = told.iter().filter(|event| self.is_wanted(event)).count();
        let of = u32::try_from(count).unwrap_or(u32::MAX);
        let mut nth = 0;
        for event in told {
            if self.is_wanted(event) {
                nth += 1;
                let (previous, part) = (self.previous, Part { nth, of });
                self.published.push(Published { previous, part, event: Arc::clone(event) });
            }
        }
        if of > 0 {
            self.previous = position;
        }
    }
}
