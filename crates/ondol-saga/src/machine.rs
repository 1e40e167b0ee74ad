//! What happens next to a saga: a pure function of its definition, of how it stands, and of what
//! has come in.
//!
//! Nothing here waits, asks or writes. So every order in which answers, refusals, failures, lost
//! time and crashes can come is tried out by calling a function, and what was recorded is enough
//! to go on from anywhere.

mod backward;
mod delay;
mod forward;
mod hear;
mod held;
mod migrate;
mod order;
mod reply;
mod time;

use std::time::Duration;

use ondol_bus::Reply;
use ondol_domain::{Holder, Impossible, StepShape};
use ondol_kernel::{CommandId, CorrelationId, Envelope, Metadata, StreamId, Timestamp};

use crate::definition::At;
use crate::fact::{Fact, Timer};
use crate::{Defect, Definition, Instance, Known, Phase};

pub use hear::KEPT_MAX;
pub use held::who_gives_way;
pub use migrate::{MisfitError, fits, migrate};
pub use order::{Order, OrderError};

/// What has come in.
#[derive(Debug, Clone)]
pub enum Input {
    /// An answer to a question.
    Reply {
        /// The question's id.
        command: CommandId,
        /// The answer.
        reply: Reply,
    },
    /// No answer could be had.
    Failure {
        /// The question's id.
        command: CommandId,
        /// Why.
        failure: Failure,
    },
    /// Nothing but time has passed.
    Time,
    /// Something has happened outside.
    Heard(Box<Envelope>),
    /// A person wants something.
    Order(Order),
    /// It and others wait for each other, and it is the one that has to give way.
    Deadlock {
        /// Whom it waits for.
        held_by: Holder,
    },
}

/// Why no answer could be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it is called.
    pub code: String,
    /// Why.
    pub because: String,
    /// Whether asking again may bring one. If not, the question has taken no effect by this asking.
    pub may_be_asked_again: bool,
    /// Whether it may have been asked before, by whoever drove the saga then, and have taken
    /// effect although nobody has heard the answer.
    pub asked_before: bool,
    /// How long whoever was asked wants to be left alone.
    pub again_after: Option<Duration>,
    /// The saga that holds what was asked for: it has not taken effect, and is waited for.
    pub held_by: Option<Holder>,
}

/// What happened next, and how the saga stands then.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// How it stands once the facts are recorded.
    pub instance: Instance,
    /// What is to be recorded, in one piece; nothing if nothing happened.
    pub facts: Vec<Fact>,
}

/// Why it cannot be said what happens next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NextError {
    /// The definition does not fit; a person has to look.
    #[error("the definition does not fit the saga")]
    Defect(#[from] Defect),
    /// What was ordered cannot be done.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// It cannot go on by another definition.
    #[error(transparent)]
    Misfit(#[from] MisfitError),
    /// The saga stands at a step that its definition does not have.
    #[error("the definition has no step {step:?}")]
    NoSuchStep {
        /// Which one.
        step: String,
    },
    /// We are wrong: what was to be recorded cannot be.
    #[error("what was to be recorded cannot be")]
    Impossible(#[from] Impossible),
}

/// A saga that begins.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// The stream it will stand in.
    pub stream: StreamId,
    /// What tells it from others of its name.
    pub identity: String,
    /// What it knows.
    pub data: Known,
    /// The flow it belongs to.
    pub correlation: Option<CorrelationId>,
}

/// How a saga begins: it is started, and its first stage is asked.
///
/// # Errors
/// When the definition does not fit what it knows.
pub fn begin(
    definition: &dyn Definition,
    beginning: Beginning,
    now: Timestamp,
) -> Result<Transition, NextError> {
    let Beginning { stream, identity, data, correlation } = beginning;
    let shape = definition.shape();
    let deadline =
        definition.deadline().map(|limit| Timer { due: later(now, limit), generation: 1 });
    let started = Fact::Started {
        saga: shape.name.clone(),
        version: shape.version,
        fingerprint: definition.fingerprint(),
        identity,
        data,
        deadline,
        kept_for_ms: definition.kept_for().map(milliseconds),
    };
    let about = Metadata { time: now, correlation, ..Metadata::default() };
    let instance = Instance::begin(stream, &started, &about)?;
    let mut draft = Draft { definition, instance, facts: vec![started], now };
    draft.advance()?;
    Ok(draft.done())
}

/// What happens next.
///
/// # Errors
/// When it cannot be said: see [`baffled`] for the way on.
pub fn next(
    definition: &dyn Definition,
    instance: Instance,
    input: &Input,
    now: Timestamp,
) -> Result<Transition, NextError> {
    let mut draft = Draft { definition, instance, facts: Vec::new(), now };
    match input {
        Input::Reply { command, reply } => draft.reply(*command, reply)?,
        Input::Failure { command, failure } => draft.failure(*command, failure)?,
        Input::Time => draft.time()?,
        Input::Heard(event) => draft.hear(event)?,
        Input::Order(order) => draft.order(order)?,
        Input::Deadlock { held_by } => draft.give_way(held_by)?,
    }
    draft.advance()?;
    Ok(draft.done())
}

/// The way on when it cannot be said what happens next: a person is told, and what was asked is
/// asked again after a while.
///
/// # Errors
/// When even that cannot be recorded.
pub fn baffled(
    definition: &dyn Definition,
    instance: Instance,
    command: Option<CommandId>,
    because: &str,
    now: Timestamp,
) -> Result<Transition, NextError> {
    let mut draft = Draft { definition, instance, facts: Vec::new(), now };
    let asked = command.and_then(|command| draft.asked(command));
    let step = asked.map(|(step, _pending)| step);
    if let Some(step) = &step {
        draft.unanswered(step, because, None)?;
    }
    let step = step.or_else(|| draft.instance.at().map(str::to_owned)).unwrap_or_default();
    draft.stuck(&step, because)?;
    Ok(draft.done())
}

/// What is being worked out.
struct Draft<'a> {
    definition: &'a dyn Definition,
    instance: Instance,
    facts: Vec<Fact>,
    now: Timestamp,
}

impl Draft<'_> {
    fn record(&mut self, fact: Fact) -> Result<(), Impossible> {
        self.instance.apply(&fact, self.now)?;
        self.facts.push(fact);
        Ok(())
    }

    fn done(self) -> Transition {
        Transition { instance: self.instance, facts: self.facts }
    }

    /// Goes on as far as it gets without anybody's answer.
    fn advance(&mut self) -> Result<(), NextError> {
        loop {
            let facts = self.facts.len();
            match self.instance.phase {
                Phase::Forward => self.forward()?,
                Phase::Backward { .. } => self.backward()?,
                Phase::Completed | Phase::Compensated { .. } => return Ok(()),
            }
            if self.facts.len() == facts {
                return Ok(());
            }
        }
    }

    /// Turns the saga round, unless it has done so.
    fn turn_round(&mut self, because: String) -> Result<(), Impossible> {
        if self.instance.phase == Phase::Forward {
            self.record(Fact::TurnedRound { because })?;
        }
        Ok(())
    }

    /// Tells a person, unless they have been told of this step.
    fn stuck(&mut self, step: &str, because: &str) -> Result<(), Impossible> {
        if self.is_stuck_at(step) {
            return Ok(());
        }
        self.record(Fact::Stuck { step: step.to_owned(), because: because.to_owned() })
    }

    /// Whether a person was told of this step, and it has not got on since.
    fn is_stuck_at(&self, step: &str) -> bool {
        self.instance.stuck.as_ref().is_some_and(|stuck| stuck.step == step)
    }

    fn timer(&self, after: Duration) -> Timer {
        Timer { due: later(self.now, after), generation: self.instance.generation + 1 }
    }

    fn at(&self, step: &str) -> Result<At, NextError> {
        At::of(self.definition, step).ok_or_else(|| NextError::NoSuchStep { step: step.to_owned() })
    }

    fn is_past_pivot(&self, stage: usize) -> bool {
        self.definition.shape().pivot.is_some_and(|pivot| stage >= pivot)
    }

    /// Whether nothing is undone any more: all that comes before the pivot was done.
    fn has_passed_pivot(&self) -> bool {
        has_passed_pivot(self.definition, &self.instance)
    }

    fn is_passed_up_to(&self, stage: usize) -> bool {
        is_passed_up_to(self.definition, &self.instance, stage)
    }
}

/// Whether nothing of a saga is undone any more: all that comes before its pivot was done.
fn has_passed_pivot(definition: &dyn Definition, instance: &Instance) -> bool {
    definition.shape().pivot.is_some_and(|pivot| is_passed_up_to(definition, instance, pivot))
}

fn is_passed_up_to(definition: &dyn Definition, instance: &Instance, stage: usize) -> bool {
    let stages = definition.shape().stages.iter().take(stage);
    stages.flatten().all(|StepShape { name, .. }| {
        instance.steps.get(name).is_some_and(|step| step.standing.is_passed())
    })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// So much later; at the end of time, if that is later still.
fn later(time: Timestamp, by: Duration) -> Timestamp {
    const END: i64 = 253_402_300_799_000_000;
    time.checked_add(by).unwrap_or_else(|| Timestamp::from_micros(END).unwrap_or_default())
}

#[cfg(test)]
mod tests;
