//! One step of a saga: what is asked or waited for, how it is undone, and how long it may take.

use std::any::{TypeId, type_name};
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::Payload;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Reading;
use super::listen::Heard;
use super::{Answers, Reads, SayError, Turn, Wait};
use crate::{Ask, Call, EventSet, Problems, ShapeProblem};

/// How long a step that asks may take when it does not say.
pub const STEP_WITHIN_USUAL: Duration = Duration::from_secs(30);

type Asks<D> = Says<D, Call>;
type Says<D, T> = Arc<dyn Fn(&D, &dyn Answers) -> Result<T, SayError> + Send + Sync>;
type Keep = Arc<dyn Fn(&Payload) -> Result<Payload, serde_json::Error> + Send + Sync>;
type Wrong = Problems<ShapeProblem>;

/// A type, and what it is called.
pub(super) type Named = (TypeId, &'static str);

/// One step of a saga.
#[derive(Clone)]
pub struct Step<D> {
    name: &'static str,
    does: Does<D>,
    undo: Option<Asks<D>>,
    keep: Option<Keep>,
    condition: Option<Says<D, bool>>,
    within: Option<Duration>,
    retry: Option<Retry>,
    /// What the one who is asked answers, what is taken of it, and what that is kept as.
    pub(super) answers: Named,
    pub(super) taken: Option<Named>,
    pub(super) kept: Option<Named>,
    /// Whose answers are read to ask, or not to ask, and to undo.
    pub(super) reads: Vec<Reading>,
    pub(super) undo_reads: Vec<Reading>,
    /// What was said of it more than once.
    pub(super) said_twice: Vec<&'static str>,
}

/// What a step does.
#[derive(Clone)]
enum Does<D> {
    Asks(Asks<D>),
    Waits(Result<Wait<D>, Wrong>),
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
    /// A step that asks something, of what the saga was started with and has heard.
    pub fn named<A: Ask + 'static>(
        name: &'static str,
        asks: impl Fn(&D) -> A + Send + Sync + 'static,
    ) -> Self {
        Self::asking::<A>(name, Arc::new(move |data, _answers| Ok(asks(data).call()?)))
    }

    /// A step that asks something that depends on what earlier ones were answered.
    pub fn knowing<R: Reads, A: Ask + 'static>(
        name: &'static str,
        reads: R,
        asks: impl Fn(&D, R::Read) -> A + Send + Sync + 'static,
    ) -> Self {
        let readings = reads.readings();
        let asks: Asks<D> =
            Arc::new(move |data, answers| Ok(asks(data, reads.read(answers)?).call()?));
        Self { reads: readings, ..Self::asking::<A>(name, asks) }
    }

    fn asking<A: Ask + 'static>(name: &'static str, asks: Asks<D>) -> Self {
        Self::doing(name, Does::Asks(asks), (TypeId::of::<A::Reply>(), type_name::<A::Reply>()))
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
        heard: impl Fn(&D, &E) -> Option<Turn> + Send + Sync + 'static,
    ) -> Self {
        let heard =
            move |data: &D, event: &E| Some(Heard { turn: heard(data, event)?, keeps: None });
        let wait = E::reader().map(|reader| Wait::new(reader, about, heard));
        Self::doing(name, Does::Waits(wait), (TypeId::of::<()>(), type_name::<()>()))
    }

    /// The same, and something is kept of what has happened: what `heard` answers, unless that is
    /// why the step fails.
    pub fn waiting_for<E: EventSet, K: Serialize + 'static>(
        name: &'static str,
        about: fn(&E) -> String,
        heard: impl Fn(&D, &E) -> Option<Result<K, String>> + Send + Sync + 'static,
    ) -> Self {
        let heard = move |data: &D, event: &E| {
            Some(match heard(data, event)? {
                Ok(kept) => Heard { turn: Turn::GoOn, keeps: Some(written(&kept)) },
                Err(because) => Heard { turn: Turn::Unwind(because), keeps: None },
            })
        };
        let wait = E::reader().map(|reader| Wait::new(reader, about, heard));
        let step = Self::doing(name, Does::Waits(wait), (TypeId::of::<()>(), type_name::<()>()));
        Self { kept: Some((TypeId::of::<K>(), type_name::<K>())), ..step }
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
            taken: None,
            kept: None,
            reads: Vec::new(),
            undo_reads: Vec::new(),
            said_twice: Vec::new(),
        }
    }

    /// How it is undone. Undoing what was never done, or was undone already, must do nothing.
    #[must_use]
    pub fn undo<A: Ask + 'static>(self, asks: impl Fn(&D) -> A + Send + Sync + 'static) -> Self {
        self.undone_by(Arc::new(move |data, _answers| Ok(asks(data).call()?)))
    }

    /// How it is undone, when that depends on what it was answered itself, or those before it; or,
    /// if that is there, on what any other was.
    #[must_use]
    pub fn undo_knowing<R: Reads, A: Ask + 'static>(
        mut self,
        reads: R,
        asks: impl Fn(&D, R::Read) -> A + Send + Sync + 'static,
    ) -> Self {
        self.undo_reads.extend(reads.readings());
        self.undone_by(Arc::new(move |data, answers| Ok(asks(data, reads.read(answers)?).call()?)))
    }

    fn undone_by(mut self, asks: Asks<D>) -> Self {
        let twice = self.undo.replace(asks).is_some();
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

    /// What is kept of its answer, to be read as an [`Answer`](super::Answer).
    #[must_use]
    pub fn reply<R: DeserializeOwned + 'static, K: Serialize + 'static>(
        mut self,
        keep: impl Fn(R) -> K + Send + Sync + 'static,
    ) -> Self {
        let keep: Keep =
            Arc::new(move |reply| written(&keep(serde_json::from_slice(&reply.bytes)?)));
        self.taken = Some((TypeId::of::<R>(), type_name::<R>()));
        self.kept = Some((TypeId::of::<K>(), type_name::<K>()));
        let twice = self.keep.replace(keep).is_some();
        self.said_twice.extend(twice.then_some("reply"));
        self
    }

    /// On what condition it is asked at all.
    #[must_use]
    pub fn when(self, condition: impl Fn(&D) -> bool + Send + Sync + 'static) -> Self {
        self.asked_when(Arc::new(move |data, _answers| Ok(condition(data))))
    }

    /// On what condition it is asked at all, when that depends on what earlier ones were answered.
    #[must_use]
    pub fn when_knowing<R: Reads>(
        mut self,
        reads: R,
        condition: impl Fn(&D, R::Read) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.reads.extend(reads.readings());
        self.asked_when(Arc::new(move |data, answers| Ok(condition(data, reads.read(answers)?))))
    }

    fn asked_when(mut self, condition: Says<D, bool>) -> Self {
        let twice = self.condition.replace(condition).is_some();
        self.said_twice.extend(twice.then_some("when"));
        self
    }
}

fn names(readings: &[Reading]) -> impl Iterator<Item = &'static str> {
    readings.iter().filter(|reading| reading.has_to_be_there).map(|reading| reading.of)
}

fn written<K: Serialize>(kept: &K) -> Result<Payload, serde_json::Error> {
    serde_json::to_vec(kept).map(Payload::json)
}

impl<D> Step<D> {
    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is to be asked, as things stand.
    ///
    /// # Errors
    /// When that depends on what is not there.
    pub fn applies(&self, data: &D, answers: &dyn Answers) -> Result<bool, SayError> {
        self.condition.as_ref().map_or(Ok(true), |condition| condition(data, answers))
    }

    /// What is to be asked; nothing when it waits.
    ///
    /// # Errors
    /// When it cannot be said.
    pub fn call(&self, data: &D, answers: &dyn Answers) -> Result<Option<Call>, SayError> {
        match &self.does {
            Does::Asks(asks) => asks(data, answers).map(Some),
            Does::Waits(_) => Ok(None),
        }
    }

    /// What it waits for; nothing when it asks.
    pub const fn waits_for(&self) -> Option<&Wait<D>> {
        match &self.does {
            Does::Waits(Ok(wait)) => Some(wait),
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
        let said = [(self.retry.is_some(), "retry"), (self.taken.is_some(), "reply")];
        said.into_iter().filter(|(said, _)| *said && self.waits()).map(|(_, what)| what)
    }

    pub(super) const fn has_time_limit(&self) -> bool {
        self.within.is_some()
    }

    /// What is to be asked to undo it; nothing when there is nothing to undo.
    ///
    /// # Errors
    /// When it cannot be said.
    pub fn undo_call(&self, data: &D, answers: &dyn Answers) -> Result<Option<Call>, SayError> {
        self.undo.as_ref().map(|undo| undo(data, answers)).transpose()
    }

    /// What is to be kept of an answer, as JSON; nothing when nothing is.
    ///
    /// # Errors
    /// When the answer does not have the shape that was agreed, or cannot be written.
    pub fn keep(&self, reply: &Payload) -> Result<Option<Payload>, StepError> {
        let kept = self.keep.as_ref().map(|keep| keep(reply)).transpose();
        kept.map_err(|source| StepError { step: self.name, source })
    }

    /// Whose answers it cannot do without when it is asked.
    pub fn reads(&self) -> impl Iterator<Item = &'static str> {
        names(&self.reads)
    }

    /// Whose answers it cannot do without when it is undone.
    pub fn undo_reads(&self) -> impl Iterator<Item = &'static str> {
        names(&self.undo_reads)
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

    /// Whether something is kept of its answer, or of what it waits for.
    pub const fn keeps_reply(&self) -> bool {
        self.kept.is_some()
    }
}
