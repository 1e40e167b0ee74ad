//! A thing's timers: which ones its events want, and what happens when one is due.
//!
//! An event that sets or cancels a timer carries a tag that names it. The command of a timer
//! that is due is recorded only on the condition that no later event carries the tag: so one that
//! was replaced or cancelled does nothing, even when that happens at the very same moment.

use async_trait::async_trait;
use ondol_domain::{Aggregate, TimerOrder};
use ondol_kernel::{CommandId, Envelope, Id, NameError, Position, StreamId, Tag, Timestamp};
use ondol_store::{Condition, ReadAll};
use ondol_timers::{BoxError, Generation, Order, Timer, TimerId, TimerName, due_at};
use ondol_trace::Watched;
use tracing::Instrument as _;

use super::{Desk, HandleError};
use crate::Request;

/// The tag of every event that wants anything of timers, so that only those need to be read.
const MARK: &str = "$timers";

/// A kind of things that have timers, whatever its type.
#[async_trait]
pub(crate) trait Timed: std::fmt::Debug + Send + Sync {
    /// What an event wants of timers.
    fn orders(&self, event: &Envelope) -> Result<Vec<Order>, BoxError>;

    /// Asks of the thing what it wanted to be asked when the timer is due.
    async fn fire(&self, timer: &Timer) -> Result<(), BoxError>;
}

/// The tag of every event that wants anything of timers.
pub(crate) fn mark() -> Result<Tag, NameError> {
    Tag::new(MARK)
}

/// The tag of every event that sets or cancels this timer.
fn tag_of(stream: &StreamId, name: &str) -> Result<Tag, NameError> {
    let id: Id<Timer> = Id::named(&format!("{stream} {name}"));
    Tag::new(format!("$timer:{id}"))
}

/// The tags that an event needs for the timers that it sets and cancels, once they are checked.
pub(super) fn tags<A: Aggregate>(
    stream: &StreamId,
    event: &A::Event,
    time: Timestamp,
) -> Result<Vec<Tag>, HandleError> {
    let orders = A::timers(event);
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let mut tags = vec![mark().map_err(HandleError::TimerName)?];
    for order in &orders {
        TimerName::new(order.name()).map_err(|error| HandleError::TimerWrong(error.into()))?;
        if let TimerOrder::Set { due, .. } = order {
            due_at(due, time).map_err(|error| HandleError::TimerWrong(error.into()))?;
        }
        let tag = tag_of(stream, order.name()).map_err(HandleError::TimerName)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

#[async_trait]
impl<A: Aggregate> Timed for Desk<A> {
    fn orders(&self, event: &Envelope) -> Result<Vec<Order>, BoxError> {
        let (stream, time, position) = (&event.stream, event.metadata.time, event.position);
        let recorded = self.inner.codec.read(event.clone())?;
        let order = |wanted: TimerOrder<A::Command>| {
            let id = TimerId { stream: stream.clone(), name: TimerName::new(wanted.name())? };
            Ok(match wanted {
                TimerOrder::Cancel { .. } => Order::Cancel(id),
                TimerOrder::Set { due, .. } => {
                    let due = due_at(&due, time)?;
                    Order::Set(Timer { id, generation: Generation::at(position), due })
                }
            })
        };
        A::timers(&recorded.data).into_iter().map(order).collect()
    }

    async fn fire(&self, timer: &Timer) -> Result<(), BoxError> {
        let Some((command, mut request)) = self.what_was_wanted(timer).await? else {
            return Ok(());
        };
        let name = timer.id.name.as_str();
        let span = |origin| ondol_trace::timer(A::KIND, name, origin);
        let watched = Watched::begin(request.traceparent, request.correlation, span);
        request.traceparent = watched.context();
        let handling = self.handle(timer.id.stream.key(), command, &request);
        let answer = handling.instrument(watched.span().clone()).await;
        watched.end(answer.as_ref().err().and_then(HandleError::fault), span);
        match answer {
            // Yes, no or never: it has been answered. Or it was replaced or cancelled.
            Ok(_) | Err(HandleError::ConditionBroken { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl<A: Aggregate> Desk<A> {
    /// The command that the event which set the timer wanted, and what surrounds it; nothing, if
    /// the event wants it no longer, as it is read today.
    async fn what_was_wanted(
        &self,
        timer: &Timer,
    ) -> Result<Option<(A::Command, Request)>, BoxError> {
        let inner = &self.inner;
        let position = Position::new(timer.generation.0);
        let before = position.previous().unwrap_or(Position::START);
        let page = inner.ground.store.read_all(ReadAll::after(before, 1)).await?;
        let event = page.events.into_iter().find(|event| event.stream == timer.id.stream);
        let Some(event) = event else { return Ok(None) };
        let (id, metadata) = (event.id, event.metadata.clone());
        let recorded = inner.codec.read(event)?;
        let name = timer.id.name.as_str();
        let wanted = A::timers(&recorded.data).into_iter().rfind(|order| order.name() == name);
        let Some(TimerOrder::Set { then, .. }) = wanted else { return Ok(None) };
        let tag = tag_of(&timer.id.stream, name)?;
        let condition = Condition { tags: vec![tag], types: Vec::new(), after: position };
        let request = Request {
            correlation: metadata.correlation,
            causation: Some(id.of()),
            tenant: metadata.tenant,
            traceparent: metadata.traceparent,
            ..Request::new(CommandId::derived(id, &format!("timer {name}"))).inside()
        };
        Ok(Some((then, request.when(condition))))
    }
}
