//! One step of a saga: what is asked, how it is undone, and how long it may take.

use std::any::{TypeId, type_name};
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::Payload;
use serde::de::DeserializeOwned;

use crate::{Ask, Call, CallError};

/// How long a step may take when it does not say.
pub const STEP_WITHIN_USUAL: Duration = Duration::from_secs(30);

pub(super) type Asks<D> = Arc<dyn Fn(&D) -> Result<Call, CallError> + Send + Sync>;
type Keep<D> = Arc<dyn Fn(&mut D, &Payload) -> Result<(), serde_json::Error> + Send + Sync>;
type Condition<D> = Arc<dyn Fn(&D) -> bool + Send + Sync>;

/// A type, and what it is called.
pub(super) type Named = (TypeId, &'static str);

/// One step of a saga.
#[derive(Clone)]
pub struct Step<D> {
    name: &'static str,
    asks: Asks<D>,
    undo: Option<Asks<D>>,
    keep: Option<Keep<D>>,
    condition: Option<Condition<D>>,
    within: Duration,
    retry: Retry,
    /// What the one who is asked answers, and what is kept of it.
    pub(super) answers: Named,
    pub(super) kept: Option<Named>,
    /// What was said of it more than once.
    pub(super) said_twice: Vec<&'static str>,
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
        Self {
            name,
            asks: Arc::new(move |data| asks(data).call()),
            undo: None,
            keep: None,
            condition: None,
            within: STEP_WITHIN_USUAL,
            retry: Retry::default(),
            answers: (TypeId::of::<A::Reply>(), type_name::<A::Reply>()),
            kept: None,
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

    /// How long it may take.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// How often and how fast it is asked again.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
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

    /// What is to be asked.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn call(&self, data: &D) -> Result<Call, CallError> {
        (self.asks)(data)
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
        self.within
    }

    /// How often and how fast it is asked again.
    pub const fn retries(&self) -> Retry {
        self.retry
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
