//! One batch: what is due, by stream, fired side by side and settled together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::{StreamId, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::warn;

use super::{Fire, RunError, Runner};
use crate::{BoxError, Place, Timer};

/// The streams whose timers have failed and wait to be tried again. It is kept in memory: after
/// a restart they are tried at once.
#[derive(Debug, Default)]
pub(super) struct Held {
    streams: BTreeMap<StreamId, Hold>,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    tries: u32,
    /// How long the clock has to have been running; nothing, while it is being tried again.
    until: Option<Duration>,
}

impl Held {
    /// Lets those be tried again whose wait is over.
    pub(super) fn release(&mut self, running: Duration) {
        for hold in self.streams.values_mut() {
            hold.until = hold.until.filter(|until| *until > running);
        }
    }

    pub(super) fn next_release(&self) -> Option<Duration> {
        self.streams.values().filter_map(|hold| hold.until).min()
    }

    fn holds(&self, stream: &StreamId) -> bool {
        self.streams.get(stream).is_some_and(|hold| hold.until.is_some())
    }

    fn waiting(&self) -> usize {
        self.streams.values().filter(|hold| hold.until.is_some()).count()
    }
}

/// What came of one stream's timers.
struct Outcome {
    stream: StreamId,
    fired: Vec<Timer>,
    failure: Option<BoxError>,
}

impl Runner {
    /// Fires a batch of what is due; says whether there was any.
    pub(super) async fn fire_due(&mut self) -> Result<bool, RunError> {
        if self.held.waiting() >= self.options.held_max {
            return Ok(false);
        }
        let due = self.free_due(self.clock.now(), self.options.batch_timers_max).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let outcomes = fire_side_by_side(&self.fire, due, self.options.parallel_max).await;
        let mut fired = Vec::new();
        for outcome in outcomes {
            self.note(&outcome);
            fired.extend(outcome.fired);
        }
        let count = u64::try_from(fired.len()).unwrap_or(u64::MAX);
        for settled in fired.chunks(self.timers.limits().orders_per_write_max) {
            self.timers.settle(&self.book, settled.to_vec()).await?;
        }
        let held = self.held.waiting();
        self.standing.send_modify(|standing| {
            standing.fired += count;
            standing.held = held;
        });
        Ok(true)
    }

    /// What is due and not held, in order.
    async fn free_due(&self, until: Timestamp, most: usize) -> Result<Vec<Timer>, RunError> {
        let (mut free, mut after) = (Vec::new(), None);
        while free.len() < most {
            let limit = self.options.batch_timers_max;
            let page = self.timers.due(&self.book, until, after, limit).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.place());
            free.extend(page.into_iter().filter(|timer| !self.held.holds(&timer.id.stream)));
        }
        free.truncate(most);
        Ok(free)
    }

    /// When the first that is not held is due.
    pub(super) async fn next_free(&self) -> Result<Option<Timestamp>, RunError> {
        if self.held.waiting() == 0 {
            return Ok(self.timers.next_due(&self.book).await?);
        }
        if self.held.waiting() >= self.options.held_max {
            return Ok(None);
        }
        let mut after: Option<Place> = None;
        loop {
            let until = Timestamp::MAX;
            let limit = self.options.held_max;
            let page = self.timers.due(&self.book, until, after, limit).await?;
            let Some(last) = page.last() else { return Ok(None) };
            after = Some(last.place());
            let free = page.iter().find(|timer| !self.held.holds(&timer.id.stream));
            if let Some(free) = free {
                return Ok(Some(free.due));
            }
        }
    }

    fn note(&mut self, outcome: &Outcome) {
        let Some(failure) = &outcome.failure else {
            self.held.streams.remove(&outcome.stream);
            return;
        };
        let tries = self.held.streams.get(&outcome.stream).map_or(0, |hold| hold.tries) + 1;
        let until = Some(self.clock.running() + self.options.backoff(tries));
        let (book, stream) = (self.book.as_str(), outcome.stream.as_str());
        warn!(book, stream, tries, %failure, "a timer did not fire, and is tried again");
        self.held.streams.insert(outcome.stream.clone(), Hold { tries, until });
    }
}

/// Fires timers: those of one stream in order, those of different streams side by side. They are
/// begun in the order in which they are due.
async fn fire_side_by_side(
    fire: &Arc<dyn Fire>,
    due: Vec<Timer>,
    parallel_max: usize,
) -> Vec<Outcome> {
    let slots = Arc::new(Semaphore::new(parallel_max));
    let (mut tasks, mut streams) = (JoinSet::new(), HashMap::new());
    for (stream, timers) in by_stream(due) {
        // The slots are never closed.
        let slot = Arc::clone(&slots).acquire_owned().await;
        let (fire, of) = (Arc::clone(fire), stream.clone());
        let task = tasks.spawn(async move {
            let outcome = fire_in_order(fire.as_ref(), of, timers).await;
            drop(slot);
            outcome
        });
        streams.insert(task.id(), stream);
    }
    let mut outcomes = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        outcomes.extend(ended.map_or_else(|error| panicked(&mut streams, error), Some));
    }
    outcomes
}

/// One that panics fails; what it had fired before is fired once more, to the same effect.
fn panicked(streams: &mut HashMap<Id, StreamId>, error: JoinError) -> Option<Outcome> {
    let stream = streams.remove(&error.id())?;
    Some(Outcome { stream, fired: Vec::new(), failure: Some(error.into()) })
}

/// The timers of each stream, the streams in the order of their first ones.
fn by_stream(due: Vec<Timer>) -> Vec<(StreamId, Vec<Timer>)> {
    let mut places: BTreeMap<StreamId, usize> = BTreeMap::new();
    let mut groups: Vec<(StreamId, Vec<Timer>)> = Vec::new();
    for timer in due {
        let stream = timer.id.stream.clone();
        let place = *places.entry(stream.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_stream, group)) => group.push(timer),
            None => groups.push((stream, vec![timer])),
        }
    }
    groups
}

async fn fire_in_order(fire: &dyn Fire, stream: StreamId, timers: Vec<Timer>) -> Outcome {
    let (mut fired, mut failure) = (Vec::with_capacity(timers.len()), None);
    for timer in timers {
        match fire.fire(&timer).await {
            Ok(()) => fired.push(timer),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    Outcome { stream, fired, failure }
}
