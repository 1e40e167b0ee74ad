//! One run of a reaction, from what it has kept on.

mod keep;
mod readers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::{Envelope, Position};
use ondol_lease::Tenure;
use ondol_store::LogEpoch;
use ondol_views::{Checkpoint, Parking, SourceName};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::act::{Acted, Delivered};
use super::attend::Poison;
use super::book::BookError;
use super::control::{MendError, Mended, Order, decision};
use super::deal::Dealing;
use super::drain::{Drain, Drained, drain};
use super::lanes::{LaneKey, Lanes};
use super::marks::Marks;
use super::parked::{ParkedLanes, lane_of};
use super::progress::SourceProgress;
use super::{ReactionPhase, ReactionProgress};

use readers::{Heard, Read, Readers};

/// How often it is told how the reaction stands while it is busy.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// How a session ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was told to stop, and has kept how far it came.
    Stopped,
    /// It no longer knows how what it has kept stands.
    Lost(String),
    /// Another process does it from now on, with what is kept.
    Overtaken,
}

/// Comes to its end when all are to stop, or nobody is left who could say so.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// An event that was dealt with.
#[derive(Debug)]
struct Dealt {
    key: LaneKey,
    event: Arc<Envelope>,
    outcome: Result<Acted, Poison>,
}

pub(super) struct Session<'a> {
    dealing: &'a Arc<Dealing>,
    progress: &'a watch::Sender<ReactionProgress>,
    names: Vec<SourceName>,
    saved: Vec<Option<Checkpoint>>,
    epochs: Vec<Option<LogEpoch>>,
    heads: Vec<Position>,
    marks: Vec<Marks>,
    lanes: Lanes,
    parked: ParkedLanes,
    parking: Vec<Parking>,
    running: JoinSet<Dealt>,
    draining: JoinSet<Drained>,
    to_drain: VecDeque<LaneKey>,
    acted: Acted,
    trouble: Vec<Option<String>>,
}

impl<'a> Session<'a> {
    /// Begins with what is kept.
    pub(super) async fn open(
        dealing: &'a Arc<Dealing>,
        progress: &'a watch::Sender<ReactionProgress>,
    ) -> Result<Self, BookError> {
        let names: Vec<_> = dealing.sources.iter().map(|source| source.name.clone()).collect();
        let saved = dealing.book.open(&names, dealing.attending.clock.as_ref()).await?;
        let read: Vec<_> =
            saved.iter().map(|at| at.map(|at| at.position).unwrap_or_default()).collect();
        let mut parked = ParkedLanes::new(dealing.book.waiting_max());
        for one in dealing.book.parked().await? {
            parked.restore(&names, one, &read);
        }
        // What is wrong may have been mended meanwhile, so all of it is tried once.
        let to_drain = parked.lanes.keys().cloned().collect();
        Ok(Self {
            dealing,
            progress,
            epochs: saved.iter().map(|at| at.map(|at| at.epoch)).collect(),
            heads: read.clone(),
            marks: read.into_iter().map(Marks::from).collect(),
            trouble: vec![None; names.len()],
            names,
            saved,
            lanes: Lanes::default(),
            parked,
            parking: Vec::new(),
            running: JoinSet::new(),
            draining: JoinSet::new(),
            to_drain,
            acted: Acted::default(),
        })
    }

    /// Deals with what comes until it is told to stop.
    pub(super) async fn run(
        mut self,
        orders: &mut mpsc::Receiver<Order>,
        stop: &mut watch::Receiver<bool>,
        tenure: &Tenure,
    ) -> Ended {
        let ended = self.deal(orders, stop, tenure).await;
        if matches!(ended, Ended::Stopped) {
            self.finish().await;
            return self.save().await.map_or_else(Ended::Lost, |()| Ended::Stopped);
        }
        ended
    }

    async fn deal(
        &mut self,
        orders: &mut mpsc::Receiver<Order>,
        stop: &mut watch::Receiver<bool>,
        tenure: &Tenure,
    ) -> Ended {
        let (clock, options) =
            (Arc::clone(&self.dealing.attending.clock), self.dealing.attending.options.clone());
        let mut readers = Readers::start(self.dealing, &self.saved);
        let (mut save, mut tell) = (clock.sleep(options.save_every), clock.sleep(TELL_EVERY));
        loop {
            self.begin();
            let has_room = self.lanes.held() + self.running.len() < options.pending_max;
            tokio::select! {
                biased;
                () = stopped(stop) => return Ended::Stopped,
                () = tenure.over() => return Ended::Overtaken,
                Some(dealt) = self.running.join_next() => {
                    self.settle_all(dealt);
                    if self.is_idle() {
                        self.tell();
                    }
                }
                Some(drained) = self.draining.join_next() => {
                    if let Ok(drained) = drained {
                        self.has_drained(drained);
                    }
                }
                heard = readers.next(), if has_room => match heard {
                    Some(heard) => self.hear(heard),
                    None => return Ended::Lost("nobody reads the feeds any more".to_owned()),
                },
                Some(order) = orders.recv() => self.obey(order).await,
                () = &mut save => {
                    if let Err(lost) = self.save().await {
                        return Ended::Lost(lost);
                    }
                    save = clock.sleep(options.save_every);
                }
                () = &mut tell => {
                    self.tell();
                    tell = clock.sleep(TELL_EVERY);
                }
            }
            // What is parked is kept at once: a person may be looking for it.
            if !self.parking.is_empty()
                && let Err(lost) = self.save().await
            {
                return Ended::Lost(lost);
            }
        }
    }

    /// Begins with as much as may be dealt with at the same time.
    fn begin(&mut self) {
        let options = &self.dealing.attending.options;
        while self.running.len() < options.in_flight_max {
            let Some((key, event)) = self.lanes.next() else { break };
            self.deal_with(key, event, Duration::ZERO);
        }
        while self.draining.len() < options.drains_max {
            let Some(key) = self.to_drain.pop_front() else { break };
            self.begin_drain(key);
        }
    }

    fn deal_with(&mut self, key: LaneKey, event: Arc<Envelope>, after: Duration) {
        let epoch = self.epochs[key.0].expect("an event is held once its log is known");
        let (dealing, source) = (Arc::clone(self.dealing), self.names[key.0].clone());
        self.running.spawn(async move {
            if !after.is_zero() {
                dealing.attending.clock.sleep(after).await;
            }
            let delivered = Delivered { source, epoch, event };
            let outcome = dealing.deal(&delivered).await;
            Dealt { key, event: delivered.event, outcome }
        });
    }

    fn begin_drain(&mut self, key: LaneKey) {
        let Some(lane) = self.parked.lanes.get_mut(&key).filter(|lane| !lane.is_draining) else {
            return;
        };
        lane.is_draining = true;
        let until = lane.last.max(lane.parked.position);
        let work = Drain { epoch: self.epochs[key.0], from: lane.parked.position, until, key };
        let dealing = Arc::clone(self.dealing);
        self.draining.spawn(async move { drain(&dealing, work).await });
    }

    fn hear(&mut self, heard: Heard) {
        let at = heard.source;
        match heard.read {
            Read::Trouble(reason) => self.trouble[at] = Some(reason),
            Read::Events(followed) => {
                self.trouble[at] = None;
                self.epochs[at] = Some(followed.epoch);
                self.heads[at] = followed.head;
                for event in followed.events {
                    self.take(at, event);
                }
                self.marks[at].seen(followed.seen);
            }
        }
    }

    fn take(&mut self, at: usize, event: Arc<Envelope>) {
        let key = (at, event.stream.clone());
        match self.parked.wait(&key, event.position) {
            Some(parking) => self.parking.extend(parking),
            None => {
                self.marks[at].open(event.position);
                self.lanes.hold(key, event);
            }
        }
    }

    fn settle_all(&mut self, first: Result<Dealt, tokio::task::JoinError>) {
        let mut next = Some(first);
        while let Some(dealt) = next {
            match dealt {
                Ok(dealt) => self.settle(dealt),
                // Panics are outcomes, and nobody aborts what runs: it was never begun.
                Err(error) => tracing::error!(%error, "an event was not dealt with"),
            }
            next = self.running.try_join_next();
        }
    }

    fn settle(&mut self, Dealt { key, event, outcome }: Dealt) {
        let position = event.position;
        match outcome {
            Ok(acted) => {
                self.acted.done += acted.done;
                self.acted.refused += acted.refused;
                self.marks[key.0].close(position);
                self.lanes.is_free(key);
            }
            // So much is parked that not the events are to be mended: it stands still here.
            Err(_) if self.parked.lanes.len() >= self.dealing.book.parked_max() => {
                let pause = self.dealing.attending.options.pause_max;
                self.trouble[key.0] = Some("reaction-parks-no-more".to_owned());
                self.deal_with(key, event, pause);
            }
            Err(poison) => self.park(&key, position, poison),
        }
    }

    /// Parks a stream behind an event, with all of it that is held.
    fn park(&mut self, key: &LaneKey, position: Position, poison: Poison) {
        let (source, now) = (&self.names[key.0], self.dealing.attending.clock.now());
        let (stream, reason) = (&key.1, poison.reason.clone());
        tracing::error!(%source, %stream, %position, reason, "a stream is parked");
        let behind = self.lanes.take(key);
        self.parking.extend(self.parked.park(source, key.clone(), (position, poison), now));
        self.marks[key.0].close(position);
        for event in behind {
            self.marks[key.0].close(event.position);
            if let Some(parking) = self.parked.wait(key, event.position) {
                self.parking.extend(parking);
            }
        }
    }

    fn has_drained(&mut self, drained: Drained) {
        let Drained { key, acted, end } = drained;
        self.acted.done += acted.done;
        self.acted.refused += acted.refused;
        let Some(lane) = self.parked.lanes.get_mut(&key) else { return };
        lane.is_draining = false;
        match end {
            Ok(until) if lane.last > until => {
                lane.parked.position = until.next();
                self.to_drain.push_front(key);
            }
            Ok(_) => {
                self.parking.push(Parking::Release(lane.parked.unit.clone()));
                let Some(lane) = self.parked.lanes.remove(&key) else { return };
                for waiter in lane.waiters {
                    // Whoever wanted to hear may have gone.
                    drop(waiter.send(Ok(Mended { parked: None })));
                }
            }
            Err((position, poison)) => {
                lane.parked.position = position;
                lane.parked.reason = ondol_views::shortened(&poison.reason);
                lane.parked.tries = lane.parked.tries.saturating_add(poison.tries);
                self.parking.push(Parking::Park(lane.parked.clone()));
                if std::mem::take(&mut lane.is_decided_anew) {
                    self.to_drain.push_back(key);
                    return;
                }
                for waiter in std::mem::take(&mut lane.waiters) {
                    drop(waiter.send(Ok(Mended { parked: Some(lane.parked.clone()) })));
                }
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        let Order { unit, by, what, answer } = order;
        let key = lane_of(&self.names, &unit);
        let found = key.and_then(|key| Some((key.clone(), self.parked.lanes.get_mut(&key)?)));
        let Some((key, lane)) = found else {
            drop(answer.send(Err(MendError::NotParked { unit })));
            return;
        };
        let now = self.dealing.attending.clock.now();
        let decision = decision(by, now, what, &lane.parked.reason);
        let (source, position) = (&lane.parked.source, lane.parked.position);
        match self.dealing.book.decide(source, position, decision).await {
            Ok(()) => {
                lane.waiters.push(answer);
                lane.is_decided_anew = lane.is_draining;
                self.to_drain.push_back(key);
            }
            Err(error) => drop(answer.send(Err(error.into()))),
        }
    }

    /// Lets what has begun come to its end, for a while.
    async fn finish(&mut self) {
        let (clock, longest) =
            (&self.dealing.attending.clock, self.dealing.attending.options.finish_longest);
        let mut over = clock.sleep(longest);
        self.draining.abort_all();
        loop {
            tokio::select! {
                dealt = self.running.join_next() => match dealt {
                    Some(dealt) => self.settle_all(dealt),
                    None => return,
                },
                () = &mut over => return,
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.lanes.held() == 0
    }

    fn tell(&self) {
        let mut reading = self.trouble.iter().flatten().cloned();
        let trouble = self.dealing.attending.trouble.now().or_else(|| reading.next());
        let source = |at: usize| SourceProgress {
            source: self.names[at].clone(),
            dealt: self.marks[at].low_water(),
            read: self.marks[at].read_up_to(),
            head: self.heads[at],
        };
        let sources = (0..self.names.len()).map(source).collect();
        let phase = if trouble.is_some() { ReactionPhase::Waiting } else { ReactionPhase::Running };
        self.progress.send_modify(|progress| {
            progress.phase = phase;
            progress.sources = sources;
            progress.pending = self.lanes.held() + self.running.len();
            progress.parked = self.parked.lanes.len();
            progress.done = self.acted.done;
            progress.refused = self.acted.refused;
            progress.trouble = trouble;
        });
    }
}
