//! An aggregate: one thing of the business that decides for itself.
//!
//! Its state is what its own events add up to, and a decision reads nothing else. A command
//! becomes events or a refusal; a command whose effect is already there becomes no events, so
//! that asking twice is the same as asking once.

use std::error::Error;
use std::fmt::Debug;

use ondol_kernel::Tag;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Facts, Holder, Impossible, Snapshot, TimerOrder};

/// What comes of a command: the events that follow from it, or why the answer is no.
pub type Decision<A> = Result<Vec<<A as Aggregate>::Event>, <A as Aggregate>::Refusal>;

/// One thing of the business; its default is how it stands before anything has happened to it.
pub trait Aggregate: Default + Clone + Debug + Send + Sync + 'static {
    /// What kind of thing it is: the first part of its streams' names.
    const KIND: &'static str;

    /// Raised whenever `evolve` comes to mean something else, so that snapshots made by the old
    /// one are no longer trusted.
    const FOLD: u32 = 1;

    /// What may be asked of it.
    type Command: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static;

    /// What can happen to it.
    type Event: Facts;

    /// Why it says no.
    type Refusal: Error + Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static;

    /// What follows from a command, as things stand.
    ///
    /// # Errors
    /// When the business says no. A refusal is an answer, not a failure.
    fn decide(&self, command: Self::Command) -> Decision<Self>;

    /// How things stand once an event has happened.
    ///
    /// # Errors
    /// When the event cannot have happened to it as it stands: the stream is corrupt, or
    /// `decide` is wrong.
    fn evolve(self, event: &Self::Event) -> Result<Self, Impossible>;

    /// Whether a no only holds for as long as a saga holds the thing, and which saga that is.
    ///
    /// Whoever is kept out by a [`Lock`](crate::Lock) is told no, as by any refusal, unless it is
    /// declared here that they wait: then the command is decided anew when the thing is let go.
    fn waits_for(_refusal: &Self::Refusal) -> Option<Holder> {
        None
    }

    /// What an event can be found by besides its stream, and what a rule that spans streams
    /// (an e-mail address used once) can ask about.
    fn tags(_event: &Self::Event) -> Vec<Tag> {
        Vec::new()
    }

    /// What an event claims that nothing else may have, and what is answered when it is taken:
    /// an e-mail address, the number of a contract.
    ///
    /// No single stream can see that, so it is not for `decide`: the event is recorded with the
    /// tags that it claims, on the condition that no event of the log has ever had one of them. A
    /// claim is for ever, also for the one that made it; what is given back and taken again names
    /// in its tag which time it is (`seat:12A:3`).
    fn unique(_event: &Self::Event) -> Vec<Unique<Self::Refusal>> {
        Vec::new()
    }

    /// Which of its timers an event sets or cancels: in the same append as the event itself.
    ///
    /// When a timer is due, its command is asked of the thing, once, and once more under the same
    /// id should the answer get lost. A timer that was replaced or cancelled by then does nothing.
    fn timers(_event: &Self::Event) -> Vec<TimerOrder<Self::Command>> {
        Vec::new()
    }

    /// How its state is written down between events; `None` when it is always replayed.
    fn snapshot() -> Option<Snapshot<Self>> {
        None
    }
}

/// What nothing else may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique<R> {
    /// The tag that no other event has.
    pub tag: Tag,
    /// Why the answer is no when it is taken.
    pub taken: R,
}

/// The events of a decision: one, or several in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<E>(Vec<E>);

impl<E> From<E> for Accepted<E> {
    fn from(event: E) -> Self {
        Self(vec![event])
    }
}

impl<E, const COUNT: usize> From<[E; COUNT]> for Accepted<E> {
    fn from(events: [E; COUNT]) -> Self {
        Self(events.into())
    }
}

impl<E> From<Vec<E>> for Accepted<E> {
    fn from(events: Vec<E>) -> Self {
        Self(events)
    }
}

/// Says yes: this event follows, or these, in order.
///
/// # Errors
/// Never; the shape is a [`Decision`]'s.
pub fn accept<E, R>(events: impl Into<Accepted<E>>) -> Result<Vec<E>, R> {
    Ok(events.into().0)
}

/// Says no, and why.
///
/// # Errors
/// Always: with the refusal.
pub const fn refuse<E, R>(refusal: R) -> Result<Vec<E>, R> {
    Err(refusal)
}

/// Says that what was asked for has been done before: nothing more follows.
///
/// # Errors
/// Never; the shape is a [`Decision`]'s.
pub const fn already_done<E, R>() -> Result<Vec<E>, R> {
    Ok(Vec::new())
}

/// How a thing stands after all that has happened to it.
///
/// # Errors
/// When one of the events cannot have followed on those before it.
pub fn fold<'a, A: Aggregate>(
    events: impl IntoIterator<Item = &'a A::Event>,
) -> Result<A, Impossible> {
    events.into_iter().try_fold(A::default(), A::evolve)
}
