//! What can be wrong with a saga, found before it has run.

use crate::{Problems, ShapeProblem};

use super::{Reading, Saga, SagaData, Step};

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
    #[error("{what}{step:?} reads what {of:?} is answered, {why}")]
    ReadsNoAnswer {
        /// Which step reads it.
        step: &'static str,
        /// What of it reads it: nothing if it is the step itself.
        what: &'static str,
        /// Whose answer.
        of: &'static str,
        /// Why it is not there.
        why: String,
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
            found.extend(wrong_readings(saga, (at, step)));
        }
    }
    found
}

/// What a step reads that cannot be there, or is not what it is read as. Past the check, every
/// answer that a step cannot do without is there when the step is asked, whatever goes wrong.
fn wrong_readings<D>(saga: &Saga<D>, (at, step): (usize, &Step<D>)) -> Vec<SagaProblem> {
    let problem = |what, reading: &Reading, found: Option<(usize, &Step<D>)>| {
        let why = why_not(reading, found.map(|(_, found)| found))?;
        Some(SagaProblem::ReadsNoAnswer { step: step.name(), what, of: reading.of, why })
    };
    let named = |of: &str| {
        let stages = saga.stages.iter().enumerate();
        let mut steps =
            stages.flat_map(|(at, stage)| stage.steps.iter().map(move |step| (at, step)));
        steps.find(|(_, step)| step.name() == of)
    };
    let asked = step.reads.iter().filter_map(|reading| {
        problem("", reading, named(reading.of).filter(|(stage, _)| *stage < at))
    });
    // What is undone was done, and so was all that comes before it; how far the saga had come may
    // be asked of any step.
    let undone = step.undo_reads.iter().filter_map(|reading| {
        let is_there = |(stage, other): &(usize, &Step<D>)| {
            *stage < at || !reading.has_to_be_there || other.name() == step.name()
        };
        let is_own = reading.of == step.name();
        let reading = Reading { has_to_be_there: reading.has_to_be_there && !is_own, ..*reading };
        problem("the undoing of ", &reading, named(reading.of).filter(is_there))
    });
    asked.chain(undone).collect()
}

/// Why an answer cannot be read from where a step was looked for.
fn why_not<D>(reading: &Reading, found: Option<&Step<D>>) -> Option<String> {
    let Some(found) = found else { return Some("which does not come before it".to_owned()) };
    let Some(kept) = found.kept else { return Some("of which nothing is kept".to_owned()) };
    if kept.0 != reading.read_as.0 {
        return Some(format!("which is kept as {}, and read as {}", kept.1, reading.read_as.1));
    }
    let may_be_missing = reading.has_to_be_there && found.is_conditional();
    may_be_missing.then(|| "which may be left out: say if_there()".to_owned())
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
    let other_reply = step.taken.filter(|taken| taken.0 != step.answers.0);
    let delays = (step.retries().delay_first, step.retries().delay_max);
    let problems = [
        (!is_name(name)).then_some(SagaProblem::Name { name }),
        (is_past_pivot && step.has_undo()).then_some(SagaProblem::UndoAfterPivot { step: name }),
        step.time_limit().is_zero().then_some(SagaProblem::NoTime { of: name }),
        (step.retries().attempts_max == 0).then_some(SagaProblem::NoAttempts { step: name }),
        (delays.0.is_zero() || delays.0 > delays.1).then_some(SagaProblem::Delays { step: name }),
        (step.waits() && !step.has_time_limit()).then_some(SagaProblem::EndlessWait { step: name }),
        step.wrong_events().cloned().map(SagaProblem::Events),
        other_reply.map(|taken| SagaProblem::OtherReply {
            step: name,
            answers: step.answers.1,
            kept: taken.1,
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
