//! A saga's definition with the type of what it knows put aside: JSON in its place.
//!
//! That is what lets one machine run, prove and draw all sagas. Whatever is done here runs the
//! business's code once and writes down what came of it; it is never run again to find out.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ondol_domain::{
    Call, DecodeError, Fingerprint, Listener, Problems, Retry, Saga, SagaData, SagaProblem,
    SagaShape, SayError, Source, Step, StepError, Turn, Wait, WaitError,
};
use ondol_kernel::{Envelope, Payload};

use crate::{Known, Knows};

/// Where a step stands in its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// In which stage.
    pub stage: usize,
    /// Beside which others.
    pub beside: usize,
}

impl At {
    /// Where the step of this name stands.
    pub fn of(definition: &dyn Definition, step: &str) -> Option<Self> {
        definition.shape().stages.iter().enumerate().find_map(|(stage, steps)| {
            let beside = steps.iter().position(|shape| shape.name == step)?;
            Some(Self { stage, beside })
        })
    }
}

/// A definition does not fit what a saga knows, or what it was told. A person has to look.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// What it knows does not have the shape that its definition says.
    #[error("what the saga knows does not have the shape that its definition says")]
    Data(#[source] serde_json::Error),
    /// What is to be asked cannot be said.
    #[error("what is to be asked cannot be said")]
    Call(#[from] SayError),
    /// What a step waits for cannot be heard.
    #[error("what a step waits for cannot be heard")]
    Wait(#[from] WaitError),
    /// What is to be kept is no JSON.
    #[error("what is to be kept is no JSON")]
    Keep(#[source] serde_json::Error),
    /// An answer does not have the shape that was agreed.
    #[error("an answer cannot be kept")]
    Reply(#[from] StepError),
    /// An event cannot be read.
    #[error("an event from outside cannot be read")]
    Event(#[from] DecodeError),
    /// It has heard more from outside than it can keep.
    #[error("it keeps more events for later than it may")]
    TooMuchHeard,
    /// An event was kept that cannot be read any more.
    #[error("an event that was kept is damaged")]
    Kept(#[from] ondol_kernel::StreamIdError),
    /// What the definition says in code has panicked: it took for known what nobody has answered.
    #[error("the code of the saga has panicked: {0}")]
    Panicked(String),
}

/// What comes of an event from outside: what is known of the whole then, or is kept of what a step
/// waited for; and what it does.
pub type Hearing = Option<(Option<Known>, Turn)>;

/// A saga's definition, whatever it knows.
pub trait Definition: fmt::Debug + Send + Sync + 'static {
    /// The definition as it can be shown.
    fn shape(&self) -> &SagaShape;
    /// What is wrong with it: no saga is run by it.
    fn problems(&self) -> Option<&Problems<SagaProblem>>;
    /// What a running saga remembers it by.
    fn fingerprint(&self) -> Fingerprint;
    /// How long the whole may take.
    fn deadline(&self) -> Option<Duration>;
    /// For how long one that has ended can be found, if that is said.
    fn kept_for(&self) -> Option<Duration>;
    /// How long a step may take.
    fn time_limit(&self, at: At) -> Duration;
    /// How often and how fast a step is asked again.
    fn retries(&self, at: At) -> Retry;
    /// What tells the saga that knows this from others, if it has an identity.
    ///
    /// # Errors
    /// When that is not what such a saga knows.
    fn identity(&self, data: &Known) -> Result<Option<String>, Defect>;
    /// What a step asks, as things stand; nothing when its condition does not hold, or it waits.
    ///
    /// # Errors
    /// When it cannot be said.
    fn asks(&self, at: At, knows: Knows<'_>) -> Result<Asks, Defect>;
    /// What undoes a step; nothing when nothing does.
    ///
    /// # Errors
    /// When it cannot be said.
    fn undoes(&self, at: At, knows: Knows<'_>) -> Result<Option<Call>, Defect>;
    /// What is kept of what a step was answered, if anything is.
    ///
    /// # Errors
    /// When the answer does not have the shape that was agreed.
    fn keeps(&self, at: At, reply: &Payload) -> Result<Option<Known>, Defect>;
    /// What an event does to the whole.
    ///
    /// # Errors
    /// When the event cannot be read.
    fn hears(&self, identity: &str, data: &Known, event: &Envelope) -> Result<Hearing, Defect>;
    /// What an event does to a step that waits for it.
    ///
    /// # Errors
    /// When the event cannot be read.
    fn heard_by(
        &self,
        at: At,
        identity: &str,
        data: &Known,
        event: &Envelope,
    ) -> Result<Hearing, Defect>;
    /// Of which sagas an event is, by their identities.
    ///
    /// # Errors
    /// When the event cannot be read.
    fn about(&self, event: &Envelope) -> Result<Vec<String>, Defect>;
    /// What the sagas know that an event starts.
    ///
    /// # Errors
    /// When the event cannot be read.
    fn starts(&self, event: &Envelope) -> Result<Vec<Known>, Defect>;
    /// Where the events come from that start it, turn it round, or are waited for.
    fn sources(&self) -> Vec<Source>;
}

/// What a step does when its turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: its condition does not hold.
    Nothing,
    /// It asks this.
    Call(Call),
    /// It waits.
    Waits,
}

/// The definition of a saga that knows a `D`.
pub struct Defined<D: SagaData> {
    saga: Saga<D>,
    shape: SagaShape,
    fingerprint: Fingerprint,
    problems: Option<Problems<SagaProblem>>,
}

impl<D: SagaData> Defined<D> {
    /// The definition of a saga.
    pub fn new(saga: Saga<D>) -> Self {
        let shape = saga.shape();
        let fingerprint = shape.fingerprint();
        let problems = saga.check().err();
        Self { saga, shape, fingerprint, problems }
    }

    fn step(&self, at: At) -> &Step<D> {
        &self.saga.stages()[at.stage].steps[at.beside]
    }

    fn waits(&self) -> impl Iterator<Item = &Wait<D>> {
        self.saga.stages().iter().flat_map(|stage| &stage.steps).filter_map(Step::waits_for)
    }
}

/// Runs what the business says in code. What it panics with is told of like any other defect:
/// nobody waits for a saga that nobody hears of.
fn said<T>(code: impl FnOnce() -> Result<T, Defect>) -> Result<T, Defect> {
    catch_unwind(AssertUnwindSafe(code))
        .unwrap_or_else(|panic| Err(Defect::Panicked(reason(&*panic).to_owned())))
}

fn reason(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}

fn read<D: SagaData>(data: &Known) -> Result<D, Defect> {
    data.read().map_err(Defect::Data)
}

fn hear<D: SagaData>(
    listener: &Listener<D>,
    identity: &str,
    known: &Known,
    event: &Envelope,
) -> Result<Hearing, Defect> {
    if said(|| Ok(listener.about(event.clone())?))?.as_deref() != Some(identity) {
        return Ok(None);
    }
    let mut data = read(known)?;
    let turn = said(|| Ok(listener.hear(&mut data, event.clone())?))?;
    turn.map(|turn| Ok((changed(known, &data)?, turn))).transpose()
}

fn waited<D: SagaData>(
    wait: &Wait<D>,
    identity: &str,
    known: &Known,
    event: &Envelope,
) -> Result<Hearing, Defect> {
    if said(|| Ok(wait.about(event.clone())?))?.as_deref() != Some(identity) {
        return Ok(None);
    }
    let data = read(known)?;
    let heard = said(|| Ok(wait.hear(&data, event.clone())?))?;
    let kept = |(turn, kept): (Turn, Option<Payload>)| {
        let kept = kept.as_ref().map(Known::of_payload).transpose().map_err(Defect::Keep)?;
        Ok((kept, turn))
    };
    heard.map(kept).transpose()
}

fn changed<D: SagaData>(before: &Known, data: &D) -> Result<Option<Known>, Defect> {
    let now = Known::of(data).map_err(Defect::Data)?;
    Ok((now != *before).then_some(now))
}

impl<D: SagaData> fmt::Debug for Defined<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shape.fmt(f)
    }
}

impl<D: SagaData> Definition for Defined<D> {
    fn shape(&self) -> &SagaShape {
        &self.shape
    }

    fn problems(&self) -> Option<&Problems<SagaProblem>> {
        self.problems.as_ref()
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn deadline(&self) -> Option<Duration> {
        self.saga.time_limit()
    }

    fn kept_for(&self) -> Option<Duration> {
        self.saga.kept_time()
    }

    fn time_limit(&self, at: At) -> Duration {
        self.step(at).time_limit()
    }

    fn retries(&self, at: At) -> Retry {
        self.step(at).retries()
    }

    fn identity(&self, data: &Known) -> Result<Option<String>, Defect> {
        said(|| Ok(self.saga.identity(&read(data)?)))
    }

    fn asks(&self, at: At, knows: Knows<'_>) -> Result<Asks, Defect> {
        let (step, data) = (self.step(at), read(knows.data)?);
        said(|| {
            if !step.applies(&data, knows.answers)? {
                return Ok(Asks::Nothing);
            }
            Ok(step.call(&data, knows.answers)?.map_or(Asks::Waits, Asks::Call))
        })
    }

    fn undoes(&self, at: At, knows: Knows<'_>) -> Result<Option<Call>, Defect> {
        let step = self.step(at);
        if !step.has_undo() {
            return Ok(None);
        }
        said(|| Ok(step.undo_call(&read(knows.data)?, knows.answers)?))
    }

    fn keeps(&self, at: At, reply: &Payload) -> Result<Option<Known>, Defect> {
        let kept = said(|| Ok(self.step(at).keep(reply)?))?;
        kept.as_ref().map(Known::of_payload).transpose().map_err(Defect::Keep)
    }

    fn hears(&self, identity: &str, data: &Known, event: &Envelope) -> Result<Hearing, Defect> {
        for listener in self.saga.listeners() {
            if let Some(heard) = hear(listener, identity, data, event)? {
                return Ok(Some(heard));
            }
        }
        Ok(None)
    }

    fn heard_by(
        &self,
        at: At,
        identity: &str,
        data: &Known,
        event: &Envelope,
    ) -> Result<Hearing, Defect> {
        let wait = self.step(at).waits_for();
        wait.map_or(Ok(None), |wait| waited(wait, identity, data, event))
    }

    fn about(&self, event: &Envelope) -> Result<Vec<String>, Defect> {
        let mut found = Vec::new();
        let listeners = self.saga.listeners().iter();
        let listened = listeners.map(|listener| said(|| Ok(listener.about(event.clone())?)));
        let waits = self.waits().map(|wait| said(|| Ok(wait.about(event.clone())?)));
        for about in listened.chain(waits) {
            found.extend(about?.filter(|about| !found.contains(about)));
        }
        Ok(found)
    }

    fn starts(&self, event: &Envelope) -> Result<Vec<Known>, Defect> {
        let starters = self.saga.starters().iter();
        let started = starters.map(|starter| said(|| Ok(starter.start(event.clone())?)));
        let mut found = Vec::new();
        for data in started {
            if let Some(data) = data? {
                found.push(Known::of(&data).map_err(Defect::Data)?);
            }
        }
        Ok(found)
    }

    fn sources(&self) -> Vec<Source> {
        let starters = self.saga.starters().iter().flat_map(|starter| &starter.sources);
        let listeners = self.saga.listeners().iter().flat_map(|listener| &listener.sources);
        let waits = self.waits().flat_map(|wait| &wait.sources);
        starters.chain(listeners).chain(waits).cloned().collect()
    }
}
