//! What follows from commands, as things stand, and how it is recorded.

use ondol_domain::{Aggregate, Encoded, Holder, Impossible, Unique};
use ondol_kernel::{NewEvent, Position, StreamId, Timestamp};
use ondol_store::{Condition, ReadAll};

use super::{HandleError, Inner, LoadError, Standing, timers};
use crate::Request;

/// What a decision comes to.
pub(super) enum Decided<A: Aggregate> {
    /// This is to be recorded.
    Events(Vec<Written<A::Event>>, Vec<Claim<A>>),
    /// Nothing happens: it has been done before, or the answer is no.
    Idle(Option<No<A>>),
    /// The answer is no for as long as a saga holds the thing.
    Waits(Holder),
}

/// An event, and how it is recorded.
pub(super) struct Written<E> {
    pub(super) event: E,
    pub(super) record: NewEvent,
}

/// A no, and to which of several commands.
pub(super) struct No<A: Aggregate> {
    pub(super) which: usize,
    pub(super) refusal: A::Refusal,
}

/// What nothing else may have, and which of several commands claims it.
pub(super) struct Claim<A: Aggregate> {
    which: usize,
    unique: Unique<A::Refusal>,
}

impl<A: Aggregate> Claim<A> {
    /// That nothing has it.
    pub(super) fn condition(&self) -> Condition {
        Condition::never(self.unique.tag.clone())
    }
}

impl<A: Aggregate> Inner<A> {
    /// What follows from commands, each deciding upon what follows from those before it. The first
    /// no is the answer to all of them.
    pub(super) fn decide(
        &self,
        stream: &StreamId,
        standing: &Standing<A>,
        commands: &[A::Command],
        request: &Request,
    ) -> Result<Decided<A>, HandleError> {
        let time = self.ground.clock.now();
        let (mut moved, mut written, mut claims) = (None, Vec::new(), Vec::new());
        for (which, command) in commands.iter().enumerate() {
            let state = moved.as_ref().unwrap_or(&standing.state);
            let events = match state.decide(command.clone()) {
                Ok(events) => events,
                Err(refusal) => {
                    let waits = A::waits_for(&refusal).map(Decided::Waits);
                    return Ok(waits.unwrap_or(Decided::Idle(Some(No { which, refusal }))));
                }
            };
            let is_last = which + 1 == commands.len();
            if !is_last && !events.is_empty() {
                let state = moved.take().unwrap_or_else(|| standing.state.clone());
                let after = events.iter().try_fold(state, A::evolve);
                moved = Some(after.map_err(|source| self.contradicts(stream, standing, source))?);
            }
            for event in events {
                for unique in A::unique(&event) {
                    // The log sees only what was there before all of this.
                    let mut others = claims.iter().map(|claim: &Claim<A>| &claim.unique.tag);
                    if others.any(|tag| *tag == unique.tag) {
                        let refusal = unique.taken;
                        return Ok(Decided::Idle(Some(No { which, refusal })));
                    }
                    claims.push(Claim { which, unique });
                }
                written.push(self.written(stream, event, time, request)?);
            }
        }
        if written.is_empty() {
            Ok(Decided::Idle(None))
        } else {
            Ok(Decided::Events(written, claims))
        }
    }

    /// The no that follows from what somebody else has had first, if it is one of the claims.
    pub(super) async fn taken(
        &self,
        at: Position,
        claims: Vec<Claim<A>>,
    ) -> Result<Option<No<A>>, HandleError> {
        if claims.is_empty() {
            return Ok(None);
        }
        let before = Position::new(at.get().saturating_sub(1));
        let page = self.ground.store.read_all(ReadAll::after(before, 1)).await?;
        let tags = page.events.into_iter().next().map(|event| event.metadata.tags);
        let tags = tags.unwrap_or_default();
        let claim = claims.into_iter().find(|claim| tags.contains(&claim.unique.tag));
        Ok(claim.map(|claim| No { which: claim.which, refusal: claim.unique.taken }))
    }

    fn written(
        &self,
        stream: &StreamId,
        event: A::Event,
        time: Timestamp,
        request: &Request,
    ) -> Result<Written<A::Event>, HandleError> {
        let Encoded { event_type, schema_version, payload } = self.codec.encode(&event)?;
        let mut tags = A::tags(&event);
        let claimed = A::unique(&event).into_iter().map(|unique| unique.tag);
        for tag in claimed {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags.extend(timers::tags::<A>(stream, &event, time)?);
        let metadata = request.metadata(time, tags);
        let id = self.ground.rng.id(time);
        let record = NewEvent { id, event_type, schema_version, metadata, data: payload };
        Ok(Written { event, record })
    }

    /// What was just decided cannot happen: nothing of it is recorded.
    fn contradicts(
        &self,
        stream: &StreamId,
        standing: &Standing<A>,
        source: Impossible,
    ) -> HandleError {
        let (stream, version) = (stream.clone(), standing.version.next());
        HandleError::Load(LoadError::Impossible { stream, version, source: Box::new(source) })
    }
}
