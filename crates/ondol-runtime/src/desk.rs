//! Where the commands for one kind of aggregate are taken.
//!
//! Each thing has a seat, and one command at a time is at it: commands for one thing wait for
//! each other instead of failing against each other. How the thing stands is kept at the seat as
//! a starting point and never trusted over the log: an append names the version it has seen, and
//! when the log has moved on, what is missing is read and the thing decides again.

mod error;
mod held;
mod load;
mod options;
mod outcome;
mod refusals;
mod time_travel;
mod timers;
mod unique;
mod void;

use std::sync::Arc;

use ondol_domain::{Aggregate, Codec, Encoded, Holder};
use ondol_kernel::{Envelope, NewEvent, Position, Recorded, StreamId, Version};
use ondol_store::{Append, AppendError, Appended, Expected, LogEpoch};
use tokio::sync::{Mutex, Notify};

use crate::{Ground, Request};

pub use error::{HandleError, LoadError, OpenDeskError};
pub use options::{DeskOptions, DeskOptionsProblem};
pub use time_travel::AsOf;
pub(crate) use timers::{Timed, mark};

use refusals::Refusals;

/// How a thing stands, and up to where that is known.
#[derive(Debug, Clone, Default)]
pub struct Standing<A> {
    /// Its state.
    pub state: A,
    /// The version of its last event.
    pub version: Version,
}

/// What came of a command.
#[derive(Debug, Clone)]
pub struct Answer<A: Aggregate> {
    /// Yes, no, or never.
    pub verdict: Verdict<A>,
    /// Whether this had been answered before.
    pub repeated: bool,
    /// Who has seen the log up to here sees the command's effect: the consistency token.
    pub position: Position,
}

/// Yes, no, or never.
#[derive(Debug, Clone)]
pub enum Verdict<A: Aggregate> {
    /// It was accepted, and this has happened; nothing, if it had been done before.
    Accepted(Vec<Recorded<A::Event>>),
    /// The business said no.
    Refused(A::Refusal),
    /// The command was made void before it arrived.
    Voided,
}

/// Takes the commands for all things of one kind. Cheap to clone.
#[derive(Debug)]
pub struct Desk<A: Aggregate> {
    inner: Arc<Inner<A>>,
}

#[derive(Debug)]
struct Inner<A: Aggregate> {
    ground: Ground,
    options: DeskOptions,
    codec: Codec<A::Event>,
    fold: u64,
    seats: moka::sync::Cache<StreamId, Arc<Seat<A>>>,
    refusals: Refusals,
}

/// One thing's place at the desk: whoever has it is served.
#[derive(Debug)]
struct Seat<A> {
    standing: Mutex<Option<Standing<A>>>,
    /// Told when something has happened to the thing.
    moved: Notify,
}

impl<A> Default for Seat<A> {
    fn default() -> Self {
        Self { standing: Mutex::default(), moved: Notify::new() }
    }
}

impl<A: Aggregate> Clone for Desk<A> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<A: Aggregate> Desk<A> {
    /// Opens the desk, once the options and the shapes of the events have been checked.
    ///
    /// # Errors
    /// With everything that is wrong with them.
    pub fn open(ground: Ground, options: DeskOptions) -> Result<Self, OpenDeskError> {
        options.validate()?;
        let refusals = Refusals::new(&options, Arc::clone(&ground.clock));
        let inner = Inner {
            codec: Codec::of::<A>()?,
            fold: load::fold_of::<A>()?,
            seats: moka::sync::Cache::new(options.hot_states_max),
            refusals,
            ground,
            options,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Which life of the log positions in answers belong to.
    pub fn epoch(&self) -> LogEpoch {
        self.inner.ground.store.watch().borrow().epoch
    }

    /// Handles a command for the thing with this key.
    ///
    /// # Errors
    /// When no answer could be had. A refusal is an answer.
    pub async fn handle(
        &self,
        key: &str,
        command: A::Command,
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        let stream = StreamId::new(A::KIND, key)?;
        let inner = &*self.inner;
        if let Some(known) = inner.refusals.recall::<A>(&stream, request)? {
            return Ok(known);
        }
        let seat = inner.seats.get_with_by_ref(&stream, Arc::default);
        let asked = Asked { stream: &stream, command: &command, request };
        match inner.seated(&seat, asked).await {
            Err(HandleError::Held { .. }) => Box::pin(inner.once_let_go(&seat, asked)).await,
            answer => answer,
        }
    }

    /// How the thing with this key stands now.
    ///
    /// # Errors
    /// When its events cannot be read or cannot have happened.
    pub async fn standing(&self, key: &str) -> Result<Standing<A>, LoadError> {
        let stream = StreamId::new(A::KIND, key)?;
        let seat = self.inner.seats.get_with_by_ref(&stream, Arc::default);
        let mut held = seat.standing.lock().await;
        let mut standing = match held.take() {
            Some(standing) => standing,
            None => self.inner.load(&stream).await?,
        };
        self.inner.catch_up(&stream, &mut standing).await?;
        *held = Some(standing.clone());
        Ok(standing)
    }
}

/// A command for a thing, and what surrounds it.
#[derive(Debug)]
struct Asked<'a, A: Aggregate> {
    stream: &'a StreamId,
    command: &'a A::Command,
    request: &'a Request,
}

impl<A: Aggregate> Clone for Asked<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Aggregate> Copy for Asked<'_, A> {}

/// What a decision comes to.
enum Decided<A: Aggregate> {
    /// This is to be recorded.
    Events(Vec<Written<A::Event>>),
    /// Nothing happens: it has been done before, or the answer is no.
    Idle(Option<A::Refusal>),
    /// The answer is no for as long as a saga holds the thing.
    Waits(Holder),
}

/// An event, and how it is recorded.
struct Written<E> {
    event: E,
    record: NewEvent,
}

impl<A: Aggregate> Inner<A> {
    /// Answers once it is the command's turn.
    async fn seated(&self, seat: &Seat<A>, asked: Asked<'_, A>) -> Result<Answer<A>, HandleError> {
        let mut held = seat.standing.lock().await;
        // Taken out while it is used, and given back only when nothing went wrong on the way:
        // after an error, or when this is dropped half-way, the next one reads the log anew.
        let (mut standing, is_current) = match held.take() {
            Some(standing) => (standing, false),
            None => (self.load(asked.stream).await?, true),
        };
        let before = standing.version;
        let answer = self.answer(asked, &mut standing, is_current).await;
        if standing.version != before {
            seat.moved.notify_waiters();
        }
        if matches!(answer, Ok(_) | Err(HandleError::Held { .. })) {
            *held = Some(standing);
        }
        answer
    }

    /// Decides and appends, as often as the log has moved on in between. What is not known to be
    /// current is good enough to begin with: an append is refused when it is not. A no, and a
    /// change of mind, are final, so before them the log is asked.
    async fn answer(
        &self,
        asked: Asked<'_, A>,
        standing: &mut Standing<A>,
        mut is_current: bool,
    ) -> Result<Answer<A>, HandleError> {
        let Asked { stream, command, request } = asked;
        let mut attempts = 0;
        while attempts < self.options.attempts_max {
            let as_seen = request.expected.is_none_or(|seen| seen == standing.version);
            if !as_seen && !is_current {
                self.catch_up(stream, standing).await?;
                is_current = true;
                continue;
            }
            if !as_seen {
                return self.moved_on(stream, standing.version, request).await;
            }
            let events = match self.decide(stream, standing, command, request)? {
                Decided::Events(events) => events,
                Decided::Idle(refusal) if is_current => {
                    return self.idle(stream, refusal, request).await;
                }
                Decided::Waits(by) if is_current => {
                    return self.kept_out(stream, by, request).await;
                }
                Decided::Idle(_) | Decided::Waits(_) => {
                    self.catch_up(stream, standing).await?;
                    is_current = true;
                    continue;
                }
            };
            match self.append(stream, standing.version, &events, request).await {
                Ok(Appended { outcome, repeated: false }) => {
                    return self.kept(stream, standing, outcome.last(), events).await;
                }
                Ok(Appended { outcome, repeated: true }) => {
                    return self.recorded(stream, outcome).await;
                }
                Err(AppendError::ConditionBroken { at }) => {
                    let claims = unique::claims::<A>(&events);
                    return match self.taken(claims, at).await? {
                        Some(refusal) => self.idle(stream, Some(refusal), request).await,
                        None => Err(HandleError::ConditionBroken { at }),
                    };
                }
                Err(AppendError::Conflict { .. }) => {
                    attempts += 1;
                    self.catch_up(stream, standing).await?;
                    is_current = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(HandleError::Contended { stream: stream.clone(), attempts })
    }

    /// The thing is not at the version that was expected: it has moved on, unless it was this
    /// very command that moved it.
    async fn moved_on(
        &self,
        stream: &StreamId,
        found: Version,
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        match self.ground.store.outcome(request.command).await? {
            Some(outcome) => self.recorded(stream, outcome).await,
            None => {
                let (stream, expected) = (stream.clone(), request.expected.unwrap_or(found));
                Err(HandleError::MovedOn { stream, expected, found })
            }
        }
    }

    fn decide(
        &self,
        stream: &StreamId,
        standing: &Standing<A>,
        command: &A::Command,
        request: &Request,
    ) -> Result<Decided<A>, HandleError> {
        let events = match standing.state.decide(command.clone()) {
            Err(refusal) => {
                let waits = A::waits_for(&refusal).map(Decided::Waits);
                return Ok(waits.unwrap_or(Decided::Idle(Some(refusal))));
            }
            Ok(events) if events.is_empty() => return Ok(Decided::Idle(None)),
            Ok(events) => events,
        };
        let time = self.ground.clock.now();
        let write = |event: A::Event| {
            let Encoded { event_type, schema_version, payload } = self.codec.encode(&event)?;
            let mut tags = A::tags(&event);
            tags.extend(A::unique(&event).into_iter().map(|claim| claim.tag));
            tags.extend(timers::tags::<A>(stream, &event, time)?);
            let metadata = request.metadata(time, tags);
            let id = self.ground.rng.id(time);
            let record = NewEvent { id, event_type, schema_version, metadata, data: payload };
            Ok(Written { event, record })
        };
        events.into_iter().map(write).collect::<Result<_, HandleError>>().map(Decided::Events)
    }

    async fn append(
        &self,
        stream: &StreamId,
        seen: Version,
        events: &[Written<A::Event>],
        request: &Request,
    ) -> Result<Appended, AppendError> {
        let records = events.iter().map(|written| written.record.clone()).collect();
        let mut append = Append::to(stream.clone(), Expected::Exactly(seen), records);
        append.command = Some(request.command);
        append.conditions.clone_from(&request.conditions);
        append.conditions.extend(unique::conditions::<A>(events));
        self.ground.store.append(append).await
    }

    /// The events are in the log: they are folded in, and the answer is made of them.
    async fn kept(
        &self,
        stream: &StreamId,
        standing: &mut Standing<A>,
        last: Position,
        events: Vec<Written<A::Event>>,
    ) -> Result<Answer<A>, HandleError> {
        let before = standing.version;
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        let mut position = Position::new(last.get().saturating_sub(count));
        let mut recorded = Vec::with_capacity(events.len());
        for Written { event, record } in events {
            standing.fold(stream, &event)?;
            position = position.next();
            let placed = record.recorded(stream.clone(), standing.version, position);
            recorded.push(placed.with(event));
        }
        self.snapshot_when_due(stream, before, standing).await;
        Ok(Answer { verdict: Verdict::Accepted(recorded), repeated: false, position: last })
    }

    fn read(&self, stream: &StreamId, event: Envelope) -> Result<Recorded<A::Event>, LoadError> {
        let version = event.version;
        self.codec.read(event).map_err(|source| LoadError::Unreadable {
            stream: stream.clone(),
            version,
            source,
        })
    }
}

impl<A: Aggregate> Standing<A> {
    /// How the thing stands after one more event.
    fn fold(&mut self, stream: &StreamId, event: &A::Event) -> Result<(), LoadError> {
        let version = self.version.next();
        self.state = std::mem::take(&mut self.state).evolve(event).map_err(|source| {
            LoadError::Impossible { stream: stream.clone(), version, source: Box::new(source) }
        })?;
        self.version = version;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
