//! What has to be true of every case, whatever the business.

use std::collections::BTreeMap;

use ondol_bus::Reply;
use ondol_domain::SagaData;
use ondol_kernel::{Metadata, Timestamp};

use super::case::{Case, Fault, FaultKind};
use super::drive::Run;
use super::{CounterExample, ProofReport, SagaProof};
use crate::{Definition, Fact, Instance, Phase, Standing, WorkKind};

/// Checks how a case has gone.
pub(super) fn check(definition: &dyn Definition, case: &Case, run: &Run) -> Result<(), String> {
    if let Some(wrong) = &run.wrong {
        return Err(wrong.clone());
    }
    if *case == Case::default() && run.instance.phase != Phase::Completed {
        return Err("nothing has gone wrong, and it has not completed".to_owned());
    }
    if refold(&run.instance, &run.facts)? != run.instance {
        return Err("its facts make another saga than it is".to_owned());
    }
    undone_in_reverse(definition, run)?;
    nothing_twice(run)?;
    nothing_orphaned(run)
}

/// What was done and can be undone is undone, the last first, and all of it.
fn undone_in_reverse(definition: &dyn Definition, run: &Run) -> Result<(), String> {
    let has_undo = |step: &str| {
        let mut steps = definition.shape().stages.iter().flatten();
        steps.any(|shape| shape.name == step && shape.undo)
    };
    let mut done = Vec::new();
    let mut undone = Vec::new();
    for (_, fact) in &run.facts {
        match fact {
            Fact::Answered { step, .. } if has_undo(step) => done.push(step.as_str()),
            Fact::Undone { step } => undone.push(step.as_str()),
            _ => {}
        }
    }
    done.reverse();
    let is_back = matches!(run.instance.phase, Phase::Compensated { .. });
    let right = if is_back { undone == done } else { undone.is_empty() };
    if right {
        return Ok(());
    }
    Err(format!("{done:?} were done, the last first, and {undone:?} were undone, in this order"))
}

fn nothing_twice(run: &Run) -> Result<(), String> {
    let mut counted: BTreeMap<_, usize> = BTreeMap::new();
    for effect in &run.effects {
        *counted.entry((effect.step.as_str(), effect.what == WorkKind::Undo)).or_default() += 1;
    }
    let twice = counted.into_iter().find(|(_, count)| *count > 1);
    twice.map_or(Ok(()), |((step, undoes), count)| {
        let what = if undoes { "the undoing of " } else { "" };
        Err(format!("{what}{step:?} has taken effect {count} times"))
    })
}

/// Whatever has taken effect is known to the saga.
fn nothing_orphaned(run: &Run) -> Result<(), String> {
    let orphan = run.effects.iter().find(|effect| {
        let is_known = run.instance.steps.get(&effect.step).is_some_and(|record| {
            matches!(record.standing, Standing::Done | Standing::Undone | Standing::Skipped)
        });
        effect.what == WorkKind::Ask && !is_known
    });
    orphan.map_or(Ok(()), |effect| {
        Err(format!("{:?} has taken effect, and the saga does not know", effect.step))
    })
}

impl<D: SagaData> SagaProof<D> {
    /// Undoing what was never done does nothing, and undoing twice is undoing once.
    pub(super) fn undo_does_nothing_twice(
        &self,
        start: &D,
        report: &mut ProofReport,
    ) -> Result<(), Box<CounterExample>> {
        let shape = self.definition.shape().clone();
        let names = shape.stages.iter().flatten().filter(|step| step.undo);
        for name in names.map(|step| step.name.as_str()) {
            // Whatever is done before the step is done, and the step is not.
            let kind = FaultKind::Nobody;
            let fault = Fault { step: name.to_owned(), undoes: false, kind };
            let never = self.try_out(start, &Case::of(fault), report)?;
            let what = format!("the undoing of {name:?} is asked, which was never done");
            self.undo_again(name, &never, &what, report)?;
            // The step is done and undone.
            let kind = FaultKind::SilentWithEffect;
            let fault = Fault { step: name.to_owned(), undoes: false, kind };
            let undone = self.try_out(start, &Case::of(fault), report)?;
            if matches!(undone.instance.phase, Phase::Compensated { .. }) {
                let what = format!("the undoing of {name:?} is asked twice, under two ids");
                self.undo_again(name, &undone, &what, report)?;
            }
        }
        Ok(())
    }

    fn undo_again(
        &self,
        step: &str,
        run: &Run,
        what: &str,
        report: &mut ProofReport,
    ) -> Result<(), Box<CounterExample>> {
        report.count_undo();
        let wrong = |found: String| {
            Box::new(CounterExample::new(report, what.to_owned(), found, Some(run)))
        };
        let Some(at) = crate::At::of(&self.definition, step) else { return Ok(()) };
        let knows = run.instance.knows();
        let call = self.definition.undoes(at, knows).map_err(|error| wrong(error.to_string()))?;
        let Some(call) = call else { return Ok(()) };
        let mut books = run.books.clone();
        let reply = books.try_out(&call);
        if let Reply::Refused(refused) = &reply {
            return Err(wrong(format!("it is refused: {}", refused.message)));
        }
        if !books.stand_as(&run.books) {
            return Err(wrong(format!("it has changed the books to {books:#?}")));
        }
        Ok(())
    }
}

/// The saga that these facts make.
pub(super) fn refold(instance: &Instance, facts: &[(Timestamp, Fact)]) -> Result<Instance, String> {
    let Some(((time, first), rest)) = facts.split_first() else {
        return Err("nothing was recorded".to_owned());
    };
    let about = Metadata { time: *time, correlation: instance.correlation, ..Metadata::default() };
    let begun = Instance::begin(instance.stream.clone(), first, &about);
    let mut folded = begun.map_err(|error| error.to_string())?;
    for (time, fact) in rest {
        folded.apply(fact, *time).map_err(|error| error.to_string())?;
    }
    Ok(folded)
}
