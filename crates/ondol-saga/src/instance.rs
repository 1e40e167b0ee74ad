//! One saga as it stands: what its events add up to.
//!
//! Nothing of the definition is needed to fold them, so a saga whose code is gone can still be
//! looked at. A fact that cannot be is told where it is read.

mod fold;
mod step;

use std::collections::BTreeMap;

use ondol_domain::{Fingerprint, Holder};
use ondol_kernel::{CorrelationId, StreamId, Tenant, Timestamp, TraceParent, Version};

use crate::fact::{Kept, Timer};
use crate::{About, Known, Knows, SagaState};

pub(crate) use fold::step_of;
pub use step::{Pending, Standing, StepRecord};

/// One saga as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// The stream it stands in.
    pub stream: StreamId,
    /// How many events its stream has.
    pub version: Version,
    /// The flow it belongs to.
    pub correlation: Option<CorrelationId>,
    /// On whose behalf it was started.
    pub tenant: Option<Tenant>,
    /// The trace it belongs to.
    pub traceparent: Option<TraceParent>,
    /// What its definition is called.
    pub saga: String,
    /// Which version of it.
    pub saga_version: u32,
    /// What it remembers its definition by.
    pub fingerprint: Fingerprint,
    /// What tells it from others of its name.
    pub identity: String,
    /// What it was started with, and has heard from outside since.
    pub data: Known,
    /// What its steps have kept of their answers.
    pub answers: BTreeMap<String, Known>,
    /// When it was started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub changed: Timestamp,
    /// Which way it goes.
    pub phase: Phase,
    /// Its steps that have come up, by name.
    pub steps: BTreeMap<String, StepRecord>,
    /// Those that were done, in that order.
    pub done: Vec<String>,
    /// When it is turned round if it is not past its pivot by then.
    pub deadline: Option<Timer>,
    /// Why a person was told, if it does not get on.
    pub stuck: Option<Stuck>,
    /// What it has heard from outside and not used.
    pub kept: Vec<Kept>,
    /// Which events it has heard.
    pub heard: Vec<ondol_kernel::EventId>,
    /// How many timers it has set.
    pub generation: u64,
}

/// Which way a saga goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Step by step.
    Forward,
    /// Back: what was done is undone.
    Backward {
        /// Why.
        because: String,
    },
    /// All is done.
    Completed,
    /// What was done is undone.
    Compensated {
        /// Why.
        because: String,
    },
}

/// Why a person was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// At which step.
    pub step: String,
    /// Why.
    pub because: String,
    /// Since when.
    pub since: Timestamp,
}

/// What is to be done for a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// For which step.
    pub step: String,
    /// What.
    pub what: WorkKind,
    /// The question.
    pub question: crate::fact::Question,
    /// How often it has been tried.
    pub attempts: u32,
}

/// What is to be done with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkKind {
    /// It is asked.
    Ask,
    /// It is made void.
    Void,
    /// It is asked, and undoes something.
    Undo,
}

impl Instance {
    /// Whether it has come to its end.
    pub const fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Completed | Phase::Compensated { .. })
    }

    /// All that it knows.
    pub const fn knows(&self) -> Knows<'_> {
        Knows { data: &self.data, answers: &self.answers }
    }

    /// How it stands, in a word.
    pub const fn state(&self) -> SagaState {
        match (&self.phase, &self.stuck) {
            (Phase::Completed, _) => SagaState::Completed,
            (Phase::Compensated { .. }, _) => SagaState::Compensated,
            (_, Some(_)) => SagaState::Stuck,
            (Phase::Forward, None) => SagaState::Running,
            (Phase::Backward { .. }, None) => SagaState::Unwinding,
        }
    }

    /// Why it does not get on, or why it turned round.
    pub fn because(&self) -> Option<&str> {
        if let Some(stuck) = &self.stuck {
            return Some(&stuck.because);
        }
        match &self.phase {
            Phase::Backward { because } | Phase::Compensated { because } => Some(because),
            Phase::Forward | Phase::Completed => None,
        }
    }

    /// What is to be done now.
    pub fn work(&self, now: Timestamp) -> Vec<Work> {
        self.pending().filter(|(_, pending)| pending.is_due(now)).map(work).collect()
    }

    /// When it has to be looked at again, if nothing happens before; nothing when it only ends by
    /// what others do. Something to be done at once counts as the beginning of time.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        if self.is_ended() {
            return None;
        }
        let pending = self.pending().map(|(_, pending)| match pending.again {
            Some(again) => again.due,
            None => Timestamp::EPOCH,
        });
        pending.chain(self.timers_and_rounds().map(|timer| timer.due)).min()
    }

    /// Whether a timer is due: the deadline, a time limit, another round.
    pub fn is_timer_due(&self, now: Timestamp) -> bool {
        self.timers_and_rounds().any(|timer| timer.due <= now)
    }

    /// When time next brings something: a timer is due, or a question is tried again.
    pub fn next_timer(&self, now: Timestamp) -> Option<Timestamp> {
        let again = self.pending().filter_map(|(_, pending)| pending.again);
        let later = again.filter(|again| again.due > now);
        self.timers_and_rounds().chain(later).map(|timer| timer.due).min()
    }

    fn timers_and_rounds(&self) -> impl Iterator<Item = Timer> {
        let open = !self.is_ended();
        let rounds = self.steps.values().filter_map(|step| step.standing.another_round());
        self.timers().chain(rounds.map(|(again, _attempts)| again)).filter(move |_| open)
    }

    /// The timers that are set: the deadline, and the time limits of steps.
    pub(crate) fn timers(&self) -> impl Iterator<Item = Timer> {
        let is_forward = self.phase == Phase::Forward;
        let limits = self.steps.values().filter_map(|step| step.standing.limit());
        self.deadline.into_iter().chain(limits).filter(move |_| is_forward)
    }

    /// The first step that has not come to its end: where the saga stands.
    pub fn at(&self) -> Option<&str> {
        let mut steps = self.steps.iter();
        steps.find(|(_, step)| step.standing.is_unfinished()).map(|(name, _)| name.as_str())
    }

    fn pending(&self) -> impl Iterator<Item = (&String, &Pending)> {
        let open = !self.is_ended();
        self.steps
            .iter()
            .filter(move |_| open)
            .filter_map(|(name, step)| step.standing.pending().map(|pending| (name, pending)))
    }

    /// Which sagas hold what it asks for, as far as is known.
    pub fn held_by(&self) -> impl Iterator<Item = &Holder> {
        self.pending().filter_map(|(_, pending)| pending.held_by.as_ref())
    }

    /// The id of the question that is asked of a step, in its present round.
    pub(crate) fn command(&self, about: About, step: &str) -> ondol_kernel::CommandId {
        let round = self.steps.get(step).map_or(0, |record| match about {
            About::Step => record.round,
            About::Undo => record.undo_round,
        });
        crate::command_of(&self.stream, about, step, round)
    }
}

fn work((step, pending): (&String, &Pending)) -> Work {
    let (question, attempts) = (pending.question.clone(), pending.attempts);
    Work { step: step.clone(), what: pending.what, question, attempts }
}
