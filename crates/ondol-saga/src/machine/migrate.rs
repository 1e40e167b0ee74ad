//! A saga that was started by one definition goes on by another.

use std::collections::BTreeMap;

use ondol_kernel::Timestamp;

use super::{Draft, NextError, Transition};
use crate::fact::Fact;
use crate::{At, Definition, Instance, Known, Knows, Standing, StepRecord};

/// Why a saga cannot go on by a definition: everything that stands against it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the saga {saga} cannot go on by this definition: {}", problems.join("; "))]
pub struct MisfitError {
    /// Which saga.
    pub saga: String,
    /// A sentence each.
    pub problems: Vec<String>,
}

impl MisfitError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        "saga-misfit"
    }
}

/// Whether a saga can go on by a definition, in which its steps may have other names: all that
/// has come up is there, nothing that has not come up lies before what has, what it knows can be
/// read, and what is to be undone can be.
///
/// # Errors
/// With everything that stands against it.
pub fn fits(
    definition: &dyn Definition,
    instance: &Instance,
    steps: &BTreeMap<String, String>,
) -> Result<(), MisfitError> {
    let shape = definition.shape();
    let mut problems = Vec::new();
    if shape.name != instance.saga {
        problems.push(format!("it is called {:?}", shape.name));
    }
    match definition.identity(&instance.data) {
        Ok(Some(identity)) if identity != instance.identity => {
            problems.push(format!("by it the saga would be {identity:?}"));
        }
        Ok(_) => {}
        Err(error) => problems.push(error.to_string()),
    }
    let new = |old: &String| steps.get(old).unwrap_or(old).clone();
    let come_up: Vec<String> = instance.steps.keys().map(new).collect();
    for (at, step) in come_up.iter().enumerate() {
        if come_up[..at].contains(step) {
            problems.push(format!("two steps that have come up would be its step {step:?}"));
        }
    }
    let renamed = |(old, answer): (&String, &Known)| (new(old), answer.clone());
    let answers: BTreeMap<_, _> = instance.answers.iter().map(renamed).collect();
    for (old, record) in &instance.steps {
        let knows = Knows { data: &instance.data, answers: &answers };
        problems.extend(misfit(definition, knows, (&new(old), record)));
    }
    let passed: Vec<_> =
        instance.steps.iter().filter(|(_, step)| step.standing.is_passed()).collect();
    for (old, _) in passed {
        let of = new(old);
        problems
            .extend(unread(definition, instance, &of, &new).filter(|_| !answers.contains_key(&of)));
    }
    let last = shape
        .stages
        .iter()
        .rposition(|stage| stage.iter().any(|step| come_up.contains(&step.name)));
    for step in shape.stages.iter().take(last.unwrap_or(0)).flatten() {
        if !come_up.contains(&step.name) {
            problems.push(format!("its step {:?} would have had to come up before", step.name));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(MisfitError { saga: instance.stream.to_string(), problems })
}

/// What stands against it that nothing is kept of what a step was answered: a step that is still to
/// be asked cannot do without.
fn unread(
    definition: &dyn Definition,
    instance: &Instance,
    of: &str,
    new: &dyn Fn(&String) -> String,
) -> Option<String> {
    let is_over = |name: &String| {
        let mut steps = instance.steps.iter();
        steps.any(|(old, step)| new(old) == *name && !step.standing.is_unfinished())
    };
    let mut steps = definition.shape().stages.iter().flatten();
    let reader =
        steps.find(|step| step.reads.iter().any(|read| read == of) && !is_over(&step.name))?;
    Some(format!("its step {:?} reads what {of:?} was answered, and nothing was kept", reader.name))
}

/// What stands against it that a step that has come up goes on as the definition has it.
fn misfit(
    definition: &dyn Definition,
    knows: Knows<'_>,
    (step, record): (&str, &StepRecord),
) -> Option<String> {
    let Some(at) = At::of(definition, step) else {
        return Some(format!("it has no step {step:?}"));
    };
    let waits = !definition.shape().stages[at.stage][at.beside].waits_for.is_empty();
    match &record.standing {
        Standing::Done | Standing::Undoing(_) | Standing::UndoAgain { .. } => {
            let undo = definition.undoes(at, knows);
            let is_missing = matches!(undo, Ok(None)) && record.standing != Standing::Done;
            let missing = || format!("{step:?} is being undone, and nothing undoes its step");
            let error = undo.err().map(|error| format!("{step:?} could not be undone: {error}"));
            error.or_else(|| is_missing.then(missing))
        }
        Standing::Waiting { .. } if !waits => {
            Some(format!("the saga waits at {step:?}, and its step asks"))
        }
        standing if waits && standing.is_unfinished() && !standing.is_waiting() => {
            Some(format!("the saga has asked at {step:?}, and its step waits"))
        }
        _ => None,
    }
}

/// A saga goes on by another definition.
///
/// # Errors
/// When it cannot, or when it cannot be said what happens next.
pub fn migrate(
    definition: &dyn Definition,
    instance: Instance,
    steps: &BTreeMap<String, String>,
    by: &str,
    now: Timestamp,
) -> Result<Transition, NextError> {
    fits(definition, &instance, steps)?;
    let migrated = Fact::Migrated {
        version: definition.shape().version,
        fingerprint: definition.fingerprint(),
        steps: steps.clone(),
        by: by.to_owned(),
    };
    let mut draft = Draft { definition, instance, facts: Vec::new(), now };
    draft.record(migrated)?;
    draft.advance()?;
    Ok(draft.done())
}
