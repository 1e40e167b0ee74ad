//! What can be wrong with a saga, found before it has run.

use crate::{Problems, ShapeProblem};

use super::{Saga, SagaData, Step};

/// What is wrong with a saga.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SagaProblem {
    /// It asks nothing.
    #[error("it has no steps")]
    Empty,
    /// Steps side by side, and none of them.
    #[error("all() stands for no steps")]
    EmptyAll,
    /// A name cannot serve as one.
    #[error(
        "{name:?} is no name: lower case letters, digits, ' ', '.', '_', '-', from a letter on"
    )]
    Name {
        /// The name.
        name: &'static str,
    },
    /// Two steps have one name.
    #[error("two steps are called {step:?}")]
    SameStep {
        /// The name.
        step: &'static str,
    },
    /// Something is said of a step where none stands, or where several do.
    #[error("{what}() does not stand after one step")]
    NoStepBefore {
        /// What is said.
        what: &'static str,
    },
    /// Something is said of a step twice.
    #[error("{what}() is said twice of {step:?}")]
    SaidTwice {
        /// Which step.
        step: &'static str,
        /// What is said.
        what: &'static str,
    },
    /// There are two pivots.
    #[error("it has more than one pivot")]
    SecondPivot,
    /// The pivot changes nothing.
    #[error("nothing comes after the pivot")]
    NothingAfterPivot,
    /// What cannot fail needs no undoing.
    #[error("{step:?} comes after the pivot, where nothing is undone")]
    UndoAfterPivot {
        /// Which step.
        step: &'static str,
    },
    /// What is kept is not what is answered.
    #[error("{step:?} is answered with {answers}, and {kept} is to be kept")]
    OtherReply {
        /// Which step.
        step: &'static str,
        /// What is answered.
        answers: &'static str,
        /// What is to be kept.
        kept: &'static str,
    },
    /// An answer is read that is not there.
    #[error("{step:?} reads what {of:?} is answered, {why}")]
    ReadsNoAnswer {
        /// Which step reads it.
        step: &'static str,
        /// Whose answer.
        of: &'static str,
        /// Why it is not there.
        why: &'static str,
    },
    /// Nothing can be done in no time.
    #[error("{of:?} has no time")]
    NoTime {
        /// The step, or the whole.
        of: &'static str,
    },
    /// Something that is asked no times at all.
    #[error("{step:?} has no attempts")]
    NoAttempts {
        /// Which step.
        step: &'static str,
    },
    /// It would be asked again at once, or its longest wait is shorter than its first.
    #[error("{step:?} waits longer at first than it ever may, or not at all, to be asked again")]
    Delays {
        /// Which step.
        step: &'static str,
    },
    /// A wait goes on for ever.
    #[error("{step:?} waits for something and does not say for how long: say within()")]
    EndlessWait {
        /// Which step.
        step: &'static str,
    },
    /// Something is said of a wait that can only be said of a question.
    #[error("{what}() is said of {step:?}, which asks nothing")]
    OfAWait {
        /// Which step.
        step: &'static str,
        /// What is said.
        what: &'static str,
    },
    /// Events cannot find it.
    #[error("it listens to events and has no identity to be found by: say identified_by()")]
    NoIdentity,
    /// The events that it listens to cannot be read.
    #[error(transparent)]
    Events(Problems<ShapeProblem>),
}

/// Everything that is wrong with a saga.
pub(super) fn problems<D: SagaData>(saga: &Saga<D>) -> Vec<SagaProblem> {
    let mut found = saga.misuses.clone();
    found.extend(of_the_whole(saga));
    let mut names: Vec<&'static str> = Vec::new();
    for (at, stage) in saga.stages.iter().enumerate() {
        for step in &stage.steps {
            let twice = names.contains(&step.name());
            found.extend(twice.then(|| SagaProblem::SameStep { step: step.name() }));
            names.push(step.name());
            found.extend(of_a_step(step, saga.is_past_pivot(at)));
            found.extend(step.reads.iter().filter_map(|of| no_answer(saga, (at, step), of)));
        }
    }
    found
}

/// Why a step cannot read what another one is answered.
fn no_answer<D>(
    saga: &Saga<D>,
    (at, step): (usize, &Step<D>),
    of: &'static str,
) -> Option<SagaProblem> {
    let mut earlier = saga.stages.iter().take(at).flat_map(|stage| &stage.steps);
    let why = match earlier.find(|earlier| earlier.name() == of) {
        None => "which does not come before it",
        Some(found) if !found.keeps_reply() => "of which nothing is kept",
        Some(found) if found.is_conditional() && !step.is_conditional() => "which may be left out",
        Some(_) => return None,
    };
    Some(SagaProblem::ReadsNoAnswer { step: step.name(), of, why })
}

fn of_the_whole<D: SagaData>(saga: &Saga<D>) -> Vec<SagaProblem> {
    let empty_all = saga.stages.iter().any(|stage| stage.steps.is_empty());
    let nothing_after = !saga.stages.is_empty() && saga.pivot == Some(saga.stages.len());
    let no_time = saga.deadline.is_some_and(|limit| limit.is_zero());
    let waits = saga.stages.iter().flat_map(|stage| &stage.steps).any(Step::waits);
    let unfound = (waits || !saga.listeners.is_empty()) && saga.identity.is_none();
    let problems = [
        (!is_name(saga.name)).then_some(SagaProblem::Name { name: saga.name }),
        saga.stages.is_empty().then_some(SagaProblem::Empty),
        empty_all.then_some(SagaProblem::EmptyAll),
        nothing_after.then_some(SagaProblem::NothingAfterPivot),
        no_time.then_some(SagaProblem::NoTime { of: saga.name }),
        unfound.then_some(SagaProblem::NoIdentity),
    ];
    problems.into_iter().flatten().collect()
}

fn of_a_step<D>(step: &Step<D>, is_past_pivot: bool) -> Vec<SagaProblem> {
    let name = step.name();
    let other_reply = step.kept.filter(|kept| kept.0 != step.answers.0);
    let delays = (step.retries().delay_first, step.retries().delay_max);
    let problems = [
        (!is_name(name)).then_some(SagaProblem::Name { name }),
        (is_past_pivot && step.has_undo()).then_some(SagaProblem::UndoAfterPivot { step: name }),
        step.time_limit().is_zero().then_some(SagaProblem::NoTime { of: name }),
        (step.retries().attempts_max == 0).then_some(SagaProblem::NoAttempts { step: name }),
        (delays.0.is_zero() || delays.0 > delays.1).then_some(SagaProblem::Delays { step: name }),
        (step.waits() && !step.has_time_limit()).then_some(SagaProblem::EndlessWait { step: name }),
        step.wrong_events().cloned().map(SagaProblem::Events),
        other_reply.map(|kept| SagaProblem::OtherReply {
            step: name,
            answers: step.answers.1,
            kept: kept.1,
        }),
    ];
    let twice = step.said_twice.iter().map(|what| SagaProblem::SaidTwice { step: name, what });
    let of_a_wait = step.said_of_asking().map(|what| SagaProblem::OfAWait { step: name, what });
    problems.into_iter().flatten().chain(twice).chain(of_a_wait).collect()
}

fn is_name(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b" ._-".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(allowed)
}
