//! Backward: what is under way is settled, then what was done is undone, the last first.

use super::{Draft, NextError};
use crate::About;
use crate::fact::{Fact, Question};
use crate::instance::Standing;

impl Draft<'_> {
    /// Undoes what comes next, once all that was under way is settled.
    pub(super) fn backward(&mut self) -> Result<(), NextError> {
        self.recall()?;
        if self.instance.steps.values().any(|step| step.standing.is_unfinished()) {
            return Ok(());
        }
        let begun = self.instance.steps.values().any(|step| step.standing == Standing::Undone);
        if self.has_passed_pivot() && !begun {
            let because = "what cannot be undone had been done".to_owned();
            return Ok(self.record(Fact::WentOn { because })?);
        }
        match self.next_undo()? {
            Some(undo) => Ok(self.record(undo)?),
            None => Ok(self.record(Fact::Compensated)?),
        }
    }

    /// Makes void what is under way, and waits for nothing any more.
    fn recall(&mut self) -> Result<(), NextError> {
        let mut facts = Vec::new();
        for (step, record) in &self.instance.steps {
            let step = step.clone();
            match record.standing {
                Standing::Asked { .. } => facts.push(Fact::Recalled { step }),
                Standing::Waiting { .. } | Standing::Again { .. } => {
                    facts.push(Fact::Voided { step });
                }
                _ => {}
            }
        }
        facts.into_iter().try_for_each(|fact| self.record(fact)).map_err(NextError::from)
    }

    /// How the last step that was done, and is not undone, is undone. Steps that nothing undoes
    /// are passed over.
    fn next_undo(&self) -> Result<Option<Fact>, NextError> {
        for step in self.instance.done.iter().rev() {
            let is_done = |step: &String| {
                self.instance.steps.get(step).is_some_and(|step| step.standing == Standing::Done)
            };
            if is_done(step)
                && let Some(undo) = self.undoing(step)?
            {
                return Ok(Some(undo));
            }
        }
        Ok(None)
    }

    /// How a step is undone, in the present round.
    pub(super) fn undoing(&self, step: &str) -> Result<Option<Fact>, NextError> {
        let at = self.at(step)?;
        let Some(call) = self.definition.undoes(at, self.instance.knows())? else {
            return Ok(None);
        };
        let command = self.instance.command(About::Undo, step);
        let within = self.definition.time_limit(at);
        let question = Question::new(command, &call, within).map_err(crate::Defect::Data)?;
        Ok(Some(Fact::UndoAsked { step: step.to_owned(), question }))
    }
}
