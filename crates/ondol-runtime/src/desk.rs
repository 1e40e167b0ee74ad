//! Where the commands for one kind of aggregate are taken.
//!
//! Each thing has a seat, and one command at a time is at it: commands for one thing wait for
//! each other instead of failing against each other. How the thing stands is kept at the seat as
//! a starting point and never trusted over the log: an append names the version it has seen, and
//! when the log has moved on, what is missing is read and the thing decides again.

mod decide;
mod error;
mod held;
mod load;
mod options;
mod outcome;
mod refusals;
mod time_travel;
mod timers;
mod void;

use std::borrow::Cow;
use std::sync::Arc;

use ondol_domain::{Aggregate, Codec};
use ondol_kernel::{Envelope, Position, Recorded, StreamId, Version};
use ondol_store::{Append, AppendError, Appended, Expected, Head, LogEpoch};
use ondol_trace::{For, Watched};
use ondol_views::RefusalBook;
use tokio::sync::{Mutex, Notify, watch};
use tracing::Instrument as _;

use crate::{Ground, Request};

pub use error::{HandleError, LoadError, OpenDeskError};
pub use options::{DeskOptions, DeskOptionsProblem};
pub use time_travel::AsOf;
pub(crate) use timers::{Timed, mark};

use decide::{Claim, Decided, Written};
use refusals::Book;

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
    /// Which of several commands was refused, from 0 on. It is known of requests from outside.
    pub which: usize,
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
    refusals: Book,
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
    /// Opens the desk, once the options and the shapes of the events have been checked. Refusals
    /// of requests from outside are kept in the book.
    ///
    /// # Errors
    /// With everything that is wrong with them.
    pub fn open(
        ground: Ground,
        refusals: Arc<dyn RefusalBook>,
        options: DeskOptions,
    ) -> Result<Self, OpenDeskError> {
        options.validate()?;
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

    /// Where the log ends, as it grows.
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.inner.ground.store.watch()
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
        self.handle_all(key, &[command], request).await
    }

    /// Handles several commands for the thing with this key as one: each decides upon what follows
    /// from those before it, and all of them take effect, or none.
    ///
    /// # Errors
    /// When no answer could be had. A refusal is an answer.
    pub async fn handle_all(
        &self,
        key: &str,
        commands: &[A::Command],
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        let span = |origin| ondol_trace::command(A::KIND, key, origin);
        let flow = request.correlation.unwrap_or_else(|| request.command.of());
        let watched = Watched::begin(request.traceparent, Some(flow), span);
        // What it brings about names the span that it was brought about in.
        let traceparent = watched.context();
        let request = match traceparent == request.traceparent {
            true => Cow::Borrowed(request),
            false => Cow::Owned(Request { traceparent, ..request.clone() }),
        };
        let answering = self.answered(key, commands, (&request, &watched));
        let answer = answering.instrument(watched.span().clone()).await;
        watched.end(answer.as_ref().err().and_then(HandleError::fault), span);
        answer
    }

    async fn answered(
        &self,
        key: &str,
        commands: &[A::Command],
        (request, watched): (&Request, &Watched),
    ) -> Result<Answer<A>, HandleError> {
        let stream = StreamId::new(A::KIND, key)?;
        let inner = &*self.inner;
        if let Some(known) = inner.recall(&stream, request).await? {
            return Ok(known);
        }
        let seat = inner.seats.get_with_by_ref(&stream, Arc::default);
        let asked = Asked { stream: &stream, commands, request, watched };
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

/// Commands for a thing, and what surrounds them.
#[derive(Debug)]
struct Asked<'a, A: Aggregate> {
    stream: &'a StreamId,
    commands: &'a [A::Command],
    request: &'a Request,
    watched: &'a Watched,
}

impl<A: Aggregate> Clone for Asked<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Aggregate> Copy for Asked<'_, A> {}

impl<A: Aggregate> Inner<A> {
    /// Answers once it is the commands' turn.
    async fn seated(&self, seat: &Seat<A>, asked: Asked<'_, A>) -> Result<Answer<A>, HandleError> {
        let mut held = match seat.standing.try_lock() {
            Ok(held) => held,
            Err(_others) => asked.watched.wait(For::Turn, seat.standing.lock()).await,
        };
        // Taken out while it is used, and given back only when nothing went wrong on the way:
        // after an error, or when this is dropped half-way, the next one reads the log anew.
        let (mut standing, is_current) = match held.take() {
            Some(standing) => (standing, false),
            None => {
                let loading = self.load(asked.stream);
                (asked.watched.wait(For::Events, loading).await?, true)
            }
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
        let Asked { stream, commands, request, watched } = asked;
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
            let (events, claims) = match self.decide(stream, standing, commands, request)? {
                Decided::Events(events, claims) => (events, claims),
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
            let appending = self.append(stream, standing.version, (&events, &claims), request);
            match watched.wait(For::Log, appending).await {
                Ok(Appended { outcome, repeated: false }) => {
                    return self.kept(stream, standing, outcome.last(), events).await;
                }
                Ok(Appended { outcome, repeated: true }) => {
                    return self.recorded(stream, outcome, request).await;
                }
                Err(AppendError::Conflict { .. }) => {
                    attempts += 1;
                    self.catch_up(stream, standing).await?;
                    is_current = true;
                }
                Err(AppendError::ConditionBroken { at }) => {
                    let Some(no) = self.taken(at, claims).await? else {
                        return Err(HandleError::ConditionBroken { at });
                    };
                    return self.idle(stream, Some(no), request).await;
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
            Some(outcome) => self.recorded(stream, outcome, request).await,
            None => {
                let (stream, expected) = (stream.clone(), request.expected.unwrap_or(found));
                Err(HandleError::MovedOn { stream, expected, found })
            }
        }
    }

    async fn append(
        &self,
        stream: &StreamId,
        seen: Version,
        (events, claims): (&[Written<A::Event>], &[Claim<A>]),
        request: &Request,
    ) -> Result<Appended, AppendError> {
        let records = events.iter().map(|written| written.record.clone()).collect();
        let mut append = Append::to(stream.clone(), Expected::Exactly(seen), records);
        append.command = Some(request.command);
        append.conditions.clone_from(&request.conditions);
        append.conditions.extend(claims.iter().map(Claim::condition));
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
        let verdict = Verdict::Accepted(recorded);
        Ok(Answer { verdict, repeated: false, position: last, which: 0 })
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
