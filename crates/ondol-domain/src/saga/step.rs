//! One step of a saga: what is asked or waited for, how it is undone, and how long it may take.

use std::any::{TypeId, type_name};
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::Payload;
use serde::de::DeserializeOwned;

use super::{Listener, Turn};
use crate::{Ask, Call, CallError, EventSet, Problems, ShapeProblem};

/// How long a step that asks may take when it does not say.
pub const STEP_WITHIN_USUAL: Duration = Duration::from_secs(30);

pub(super) type Asks<D> = Arc<dyn Fn(&D) -> Result<Call, CallError> + Send + Sync>;
type Keep<D> = Arc<dyn Fn(&mut D, &Payload) -> Result<(), serde_json::Error> + Send + Sync>;
type Wrong = Problems<ShapeProblem>;
type Condition<D> = Arc<dyn Fn(&D) -> bool + Send + Sync>;

/// A type, and what it is called.
pub(super) type Named = (TypeId, &'static str);

/// One step of a saga.
#[derive(Clone)]
pub struct Step<D> {
    name: &'static str,
    does: Does<D>,
    undo: Option<Asks<D>>,
    keep: Option<Keep<D>>,
    condition: Option<Condition<D>>,
    within: Option<Duration>,
    retry: Option<Retry>,
    /// What the one who is asked answers, and what is kept of it.
    pub(super) answers: Named,
    pub(super) kept: Option<Named>,
    /// Whose answers it reads.
    pub(super) reads: Vec<&'static str>,
    /// What was said of it more than once.
    pub(super) said_twice: Vec<&'static str>,
}

/// What a step does.
#[derive(Clone)]
enum Does<D> {
    Asks(Asks<D>),
    Waits(Result<Listener<D>, Wrong>),
}

/// How often and how fast something is asked again when it could not be asked. A refusal is an
/// answer, and is not asked again. Undoing, and what comes after the pivot, has no last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often it is asked in all.
    pub attempts_max: u32,
    /// How long is waited after the first attempt; each wait is about twice the one before.
    pub delay_first: Duration,
    /// The longest wait.
    pub delay_max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts_max: 5,
            delay_first: Duration::from_millis(100),
            delay_max: Duration::from_secs(10),
        }
    }
}

/// What a step was answered, as later ones read it: which step, and where its answer is kept.
///
/// Whoever reads an answer through this is found out before anything has run if that step does
/// not come before, keeps nothing, or may be left out. What is read of the data itself may not be
/// there yet, and says so by its type.
#[derive(Debug)]
pub struct Answer<D, R> {
    step: &'static str,
    read: fn(&D) -> Option<R>,
}

impl<D, R> Clone for Answer<D, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D, R> Copy for Answer<D, R> {}

impl<D, R> Answer<D, R> {
    /// What this step was answered, kept there.
    pub const fn of(step: &'static str, read: fn(&D) -> Option<R>) -> Self {
        Self { step, read }
    }
}

/// Why a step's answer cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("the answer to the step {step:?} does not have the shape that was agreed")]
pub struct StepError {
    /// Which step.
    pub step: &'static str,
    /// What is wrong with the answer.
    #[source]
    pub source: serde_json::Error,
}

impl<D: 'static> Step<D> {
    /// A step that asks something.
    pub fn named<A: Ask + 'static>(
        name: &'static str,
        asks: impl Fn(&D) -> A + Send + Sync + 'static,
    ) -> Self {
        let asks: Asks<D> = Arc::new(move |data| asks(data).call());
        let answers = (TypeId::of::<A::Reply>(), type_name::<A::Reply>());
        Self::doing(name, Does::Asks(asks), answers)
    }

    /// A step that asks something that depends on what an earlier one was answered.
    pub fn knowing<R: 'static, A: Ask + 'static>(
        name: &'static str,
        answer: Answer<D, R>,
        asks: impl Fn(&D, R) -> A + Send + Sync + 'static,
    ) -> Self {
        let Answer { step: of, read } = answer;
        let asks: Asks<D> = Arc::new(move |data| match read(data) {
            Some(known) => asks(data, known).call(),
            None => Err(CallError::not_answered(of)),
        });
        let answers = (TypeId::of::<A::Reply>(), type_name::<A::Reply>());
        Self { reads: vec![of], ..Self::doing(name, Does::Asks(asks), answers) }
    }

    /// A step that asks nothing, and is done when an event from outside has happened: a payment
    /// has come in, a person has agreed. It has to say how long it waits.
    ///
    /// `about` tells of which saga an event is by its identity. `heard` answers whether it is what
    /// was waited for: nothing if not, [`Turn::GoOn`] if it is, [`Turn::Unwind`] if it fails the
    /// step. An event that happens before the saga has come this far is not lost: it is heard when
    /// the saga gets here.
    pub fn waiting<E: EventSet>(
        name: &'static str,
        about: fn(&E) -> String,
        heard: impl Fn(&mut D, &E) -> Option<Turn> + Send + Sync + 'static,
    ) -> Self {
        let listener = E::reader().map(|reader| Listener::new(reader, about, heard));
        Self::doing(name, Does::Waits(listener), (TypeId::of::<()>(), type_name::<()>()))
    }

    const fn doing(name: &'static str, does: Does<D>, answers: Named) -> Self {
        Self {
            name,
            does,
            undo: None,
            keep: None,
            condition: None,
            within: None,
            retry: None,
            answers,
            kept: None,
            reads: Vec::new(),
            said_twice: Vec::new(),
        }
    }

    /// How it is undone. Undoing what was never done, or was undone already, must do nothing.
    #[must_use]
    pub fn undo<A: Ask + 'static>(
        mut self,
        asks: impl Fn(&D) -> A + Send + Sync + 'static,
    ) -> Self {
        let twice = self.undo.replace(Arc::new(move |data| asks(data).call())).is_some();
        self.said_twice.extend(twice.then_some("undo"));
        self
    }

    /// How long it may take. One that waits for longer fails as if it had been refused; past the
    /// pivot, where nothing fails, its saga is stuck and a person is told.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.within = Some(limit);
        self
    }

    /// How often and how fast it is asked again.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// What is kept of its answer.
    #[must_use]
    pub fn reply<R: DeserializeOwned + 'static>(
        mut self,
        keep: impl Fn(&mut D, R) + Send + Sync + 'static,
    ) -> Self {
        let keep: Keep<D> = Arc::new(move |data, reply| {
            keep(data, serde_json::from_slice(&reply.bytes)?);
            Ok(())
        });
        self.kept = Some((TypeId::of::<R>(), type_name::<R>()));
        let twice = self.keep.replace(keep).is_some();
        self.said_twice.extend(twice.then_some("reply"));
        self
    }

    /// On what condition it is asked at all.
    #[must_use]
    pub fn when(mut self, condition: impl Fn(&D) -> bool + Send + Sync + 'static) -> Self {
        let twice = self.condition.replace(Arc::new(condition)).is_some();
        self.said_twice.extend(twice.then_some("when"));
        self
    }
}

impl<D> Step<D> {
    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is to be asked, as things stand.
    pub fn applies(&self, data: &D) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition(data))
    }

    /// What is to be asked; nothing when it waits.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn call(&self, data: &D) -> Result<Option<Call>, CallError> {
        match &self.does {
            Does::Asks(asks) => asks(data).map(Some),
            Does::Waits(_) => Ok(None),
        }
    }

    /// What it waits for; nothing when it asks.
    pub const fn waits_for(&self) -> Option<&Listener<D>> {
        match &self.does {
            Does::Waits(Ok(listener)) => Some(listener),
            Does::Waits(Err(_)) | Does::Asks(_) => None,
        }
    }

    pub(super) const fn waits(&self) -> bool {
        matches!(self.does, Does::Waits(_))
    }

    /// What is wrong with the events that it waits for.
    pub(super) const fn wrong_events(&self) -> Option<&Wrong> {
        match &self.does {
            Does::Waits(Err(wrong)) => Some(wrong),
            Does::Waits(Ok(_)) | Does::Asks(_) => None,
        }
    }

    /// What is said of it that can only be said of one that asks.
    pub(super) fn said_of_asking(&self) -> impl Iterator<Item = &'static str> {
        let said = [(self.retry.is_some(), "retry"), (self.keep.is_some(), "reply")];
        said.into_iter().filter(|(said, _)| *said && self.waits()).map(|(_, what)| what)
    }

    pub(super) const fn has_time_limit(&self) -> bool {
        self.within.is_some()
    }

    /// What is to be asked to undo it; nothing when there is nothing to undo.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn undo_call(&self, data: &D) -> Result<Option<Call>, CallError> {
        self.undo.as_ref().map(|undo| undo(data)).transpose()
    }

    /// Keeps what is to be kept of an answer.
    ///
    /// # Errors
    /// When the answer does not have the shape that was agreed.
    pub fn keep(&self, data: &mut D, reply: &Payload) -> Result<(), StepError> {
        let kept = self.keep.as_ref().map_or(Ok(()), |keep| keep(data, reply));
        kept.map_err(|source| StepError { step: self.name, source })
    }

    /// How long it may take.
    pub const fn time_limit(&self) -> Duration {
        match self.within {
            Some(limit) => limit,
            None => STEP_WITHIN_USUAL,
        }
    }

    /// How often and how fast it is asked again.
    pub fn retries(&self) -> Retry {
        self.retry.unwrap_or_default()
    }

    /// Whether something is asked to undo it.
    pub const fn has_undo(&self) -> bool {
        self.undo.is_some()
    }

    /// Whether it is asked on a condition.
    pub const fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// Whether something is kept of its answer.
    pub const fn keeps_reply(&self) -> bool {
        self.keep.is_some()
    }
}
