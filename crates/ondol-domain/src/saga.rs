//! A saga: a transaction across services, as data.
//!
//! A saga is a list of steps. Each asks one thing of somebody, and says how that is undone; when
//! one fails, what was done before it is undone in reverse. From the *pivot* on nothing is undone
//! any more: what is left is asked again until it is done. Being a list and not code, a saga can
//! be drawn before it has run, its every failure can be tried out, and one that was started under
//! an older list is recognised by the list's [fingerprint](Saga::fingerprint).
//!
//! A step asks from what the saga was started with and has [heard](Saga::on) from outside; no step
//! can write into that. What a step was answered stands under its name, and whoever needs it reads
//! it as an [`Answer`]: it is refused at start-up unless that step comes before, keeps it, and is
//! never left out. So no step reads what was not there yet: not what later ones are answered, nor
//! those side by side with it.
//!
//! A step may also [wait](Saga::wait) for something to happen outside, and the whole may be
//! [started](Saga::starts_on) by it. Nothing is run here; the engine is elsewhere.

mod answer;
mod check;
mod listen;
mod shape;
mod step;

use std::time::Duration;

use ondol_kernel::Recorded;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Ask, EventSet, Problems};

pub use answer::{Answer, Answers, IfThere, Reading, Reads, SayError};
pub use check::SagaProblem;
pub use listen::{Listener, Starter, Turn, Wait, WaitError, Waited};
pub use shape::{RetryShape, SagaShape, StepShape};
pub use step::{Retry, STEP_WITHIN_USUAL, Step, StepError};

/// What a saga knows: what it was started with, and what it has heard from outside since. What its
/// steps were answered stands beside it.
pub trait SagaData: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

impl<D: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> SagaData for D {}

/// A transaction across services, over what it knows.
#[derive(Clone)]
pub struct Saga<D> {
    name: &'static str,
    version: u32,
    stages: Vec<Stage<D>>,
    pivot: Option<usize>,
    deadline: Option<Duration>,
    kept_for: Option<Duration>,
    identity: Option<fn(&D) -> String>,
    starters: Vec<Starter<D>>,
    listeners: Vec<Listener<D>>,
    misuses: Vec<SagaProblem>,
}

/// Steps that are asked at once: one, or several side by side.
#[derive(Clone)]
pub struct Stage<D> {
    /// The steps.
    pub steps: Vec<Step<D>>,
}

impl<D: SagaData> Saga<D> {
    /// A saga with no steps yet. The version is for people; engines go by the fingerprint.
    pub const fn named(name: &'static str, version: u32) -> Self {
        Self {
            name,
            version,
            stages: Vec::new(),
            pivot: None,
            deadline: None,
            kept_for: None,
            identity: None,
            starters: Vec::new(),
            listeners: Vec::new(),
            misuses: Vec::new(),
        }
    }

    /// Then this is asked.
    #[must_use]
    pub fn step<A: Ask + 'static>(
        self,
        name: &'static str,
        asks: impl Fn(&D) -> A + Send + Sync + 'static,
    ) -> Self {
        self.all([Step::named(name, asks)])
    }

    /// Then this is asked, which depends on what earlier steps were answered: see [`Answer`].
    #[must_use]
    pub fn step_knowing<R: Reads, A: Ask + 'static>(
        self,
        name: &'static str,
        reads: R,
        asks: impl Fn(&D, R::Read) -> A + Send + Sync + 'static,
    ) -> Self {
        self.all([Step::knowing(name, reads, asks)])
    }

    /// Then it waits for an event from outside: see [`Step::waiting`].
    #[must_use]
    pub fn wait<E: EventSet>(
        self,
        name: &'static str,
        about: fn(&E) -> String,
        heard: impl Fn(&D, &E) -> Option<Turn> + Send + Sync + 'static,
    ) -> Self {
        self.all([Step::waiting(name, about, heard)])
    }

    /// Then it waits for an event from outside, and keeps something of it: see
    /// [`Step::waiting_for`].
    #[must_use]
    pub fn wait_for<E: EventSet, K: Serialize + 'static>(
        self,
        name: &'static str,
        about: fn(&E) -> String,
        heard: impl Fn(&D, &E) -> Option<Result<K, String>> + Send + Sync + 'static,
    ) -> Self {
        self.all([Step::waiting_for(name, about, heard)])
    }

    /// Then these are asked, side by side.
    #[must_use]
    pub fn all(mut self, steps: impl IntoIterator<Item = Step<D>>) -> Self {
        self.stages.push(Stage { steps: steps.into_iter().collect() });
        self
    }

    /// How the last step is undone: what is asked when it was done and a later one failed.
    #[must_use]
    pub fn undo<A: Ask + 'static>(self, asks: impl Fn(&D) -> A + Send + Sync + 'static) -> Self {
        self.change_last("undo", |step| step.undo(asks))
    }

    /// How the last step is undone, when that depends on answers: see [`Step::undo_knowing`].
    #[must_use]
    pub fn undo_knowing<R: Reads, A: Ask + 'static>(
        self,
        reads: R,
        asks: impl Fn(&D, R::Read) -> A + Send + Sync + 'static,
    ) -> Self {
        self.change_last("undo", |step| step.undo_knowing(reads, asks))
    }

    /// How long the last step may take.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        self.change_last("within", |step| step.within(limit))
    }

    /// How often and how fast the last step is asked again when it could not be asked.
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        self.change_last("retry", |step| step.retry(retry))
    }

    /// What is kept of the last step's answer, to be read as an [`Answer`].
    #[must_use]
    pub fn reply<R: DeserializeOwned + 'static, K: Serialize + 'static>(
        self,
        keep: impl Fn(R) -> K + Send + Sync + 'static,
    ) -> Self {
        self.change_last("reply", |step| step.reply(keep))
    }

    /// On what condition the last step is asked at all.
    #[must_use]
    pub fn when(self, condition: impl Fn(&D) -> bool + Send + Sync + 'static) -> Self {
        self.change_last("when", |step| step.when(condition))
    }

    /// On what condition the last step is asked at all, when that depends on answers.
    #[must_use]
    pub fn when_knowing<R: Reads>(
        self,
        reads: R,
        condition: impl Fn(&D, R::Read) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.change_last("when", |step| step.when_knowing(reads, condition))
    }

    /// From here on nothing is undone any more, and everything is asked until it is done.
    #[must_use]
    pub fn pivot(mut self) -> Self {
        if self.pivot.replace(self.stages.len()).is_some() {
            self.misuses.push(SagaProblem::SecondPivot);
        }
        self
    }

    /// How long the whole may take; one that takes longer before its pivot is turned round.
    #[must_use]
    pub const fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// For how long one that has ended can still be found by how it stands. What has happened to
    /// it stays in the log.
    #[must_use]
    pub const fn kept_for(mut self, time: Duration) -> Self {
        self.kept_for = Some(time);
        self
    }

    /// What tells one such saga from another: two that are started with the same identity are
    /// one, and an event from outside finds the saga that it is about by it.
    #[must_use]
    pub const fn identified_by(mut self, identity: fn(&D) -> String) -> Self {
        self.identity = Some(identity);
        self
    }

    /// What an event from outside does to the saga that it is about, and what the saga knows then.
    #[must_use]
    pub fn on<E: EventSet>(
        mut self,
        about: fn(&E) -> String,
        turn: impl Fn(&mut D, &E) -> Turn + Send + Sync + 'static,
    ) -> Self {
        match E::reader() {
            Ok(reader) => self.listeners.push(Listener::new(reader, about, turn)),
            Err(problems) => self.misuses.push(SagaProblem::Events(problems)),
        }
        self
    }

    /// Which events start such a saga, and what it then knows; nothing when one starts none.
    ///
    /// An event starts it once, however often it is delivered: sagas with an identity are told
    /// apart by that, others by the event's id.
    #[must_use]
    pub fn starts_on<E: EventSet>(
        mut self,
        start: impl Fn(&Recorded<E>) -> Option<D> + Send + Sync + 'static,
    ) -> Self {
        match E::reader() {
            Ok(reader) => self.starters.push(Starter::new(reader, start)),
            Err(problems) => self.misuses.push(SagaProblem::Events(problems)),
        }
        self
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Which version of it.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What is asked, in order.
    pub fn stages(&self) -> &[Stage<D>] {
        &self.stages
    }

    /// Whether a stage comes after the pivot: it is asked until it is done, and never undone.
    pub fn is_past_pivot(&self, stage: usize) -> bool {
        self.pivot.is_some_and(|pivot| stage >= pivot)
    }

    /// How long the whole may take.
    pub const fn time_limit(&self) -> Option<Duration> {
        self.deadline
    }

    /// For how long one that has ended can be found, if that is said.
    pub const fn kept_time(&self) -> Option<Duration> {
        self.kept_for
    }

    /// The identity of the saga that knows this, if such sagas have one.
    pub fn identity(&self, data: &D) -> Option<String> {
        self.identity.map(|identity| identity(data))
    }

    /// What it listens to.
    pub fn listeners(&self) -> &[Listener<D>] {
        &self.listeners
    }

    /// What starts it, besides being asked for.
    pub fn starters(&self) -> &[Starter<D>] {
        &self.starters
    }

    /// Whether the saga can be started.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn check(&self) -> Result<(), Problems<SagaProblem>> {
        Problems::none_in(format!("the saga {:?}", self.name), check::problems(self))
    }

    fn change_last(mut self, what: &'static str, change: impl FnOnce(Step<D>) -> Step<D>) -> Self {
        let after_pivot_mark = self.pivot == Some(self.stages.len());
        match self.stages.last_mut().map(|stage| &mut stage.steps) {
            Some(steps) if steps.len() == 1 && !after_pivot_mark => {
                let changed = steps.pop().map(change);
                steps.extend(changed);
            }
            _ => self.misuses.push(SagaProblem::NoStepBefore { what }),
        }
        self
    }
}

impl<D: SagaData> std::fmt::Debug for Saga<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shape().fmt(f)
    }
}

#[cfg(test)]
mod tests;
