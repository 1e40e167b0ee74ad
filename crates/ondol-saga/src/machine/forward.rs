//! Forward: stage by stage, each begun when all before it is done.

use super::{Draft, NextError};
use crate::About;
use crate::definition::{Asks, At};
use crate::fact::{Fact, Question};
use crate::instance::Standing;

impl Draft<'_> {
    /// Begins what comes next, if all before it is done.
    pub(super) fn forward(&mut self) -> Result<(), NextError> {
        for stage in 0..self.definition.shape().stages.len() {
            self.enter(stage)?;
            if !self.is_passed_up_to(stage + 1) {
                return self.turn_round_at_what_failed(stage);
            }
        }
        Ok(self.record(Fact::Completed)?)
    }

    /// A step that has failed turns the saga round, should nothing else have done so.
    fn turn_round_at_what_failed(&mut self, stage: usize) -> Result<(), NextError> {
        let steps = self.definition.shape().stages[stage].iter();
        let mut failed = steps.filter(|step| {
            let record = self.instance.steps.get(&step.name);
            record.is_some_and(|record| record.standing == Standing::Failed)
        });
        let because = failed.next().map(|step| format!("the step {:?} has failed", step.name));
        because.map_or(Ok(()), |because| Ok(self.turn_round(because)?))
    }

    /// Begins the steps of a stage, all worked out before any of them is begun.
    fn enter(&mut self, stage: usize) -> Result<(), NextError> {
        let mut begun = Vec::new();
        let shape = self.definition.shape();
        for (beside, step) in shape.stages[stage].iter().enumerate() {
            if !self.instance.steps.contains_key(&step.name) {
                begun.push((At { stage, beside }, step.name.clone()));
            }
        }
        let has_begun = !begun.is_empty();
        for (at, step) in begun {
            let fact = self.beginning(at, step)?;
            self.record(fact)?;
        }
        if has_begun { self.hear_what_was_kept(stage) } else { Ok(()) }
    }

    /// How a step begins, or is asked once more under another id.
    pub(super) fn beginning(&self, at: At, step: String) -> Result<Fact, NextError> {
        let within = self.definition.time_limit(at);
        match self.definition.asks(at, self.instance.knows())? {
            Asks::Nothing => Ok(Fact::LeftOut { step }),
            Asks::Waits => Ok(Fact::Waits { step, limit: self.timer(within) }),
            Asks::Call(call) => {
                let command = self.instance.command(About::Step, &step);
                let question =
                    Question::new(command, &call, within).map_err(crate::Defect::Data)?;
                let limit = (!self.is_past_pivot(at.stage)).then(|| self.timer(within));
                Ok(Fact::Asked { step, question, limit })
            }
        }
    }

    /// What happened before a stage was begun is heard by the steps that wait for it now.
    fn hear_what_was_kept(&mut self, stage: usize) -> Result<(), NextError> {
        let shape = self.definition.shape();
        for (beside, step) in shape.stages[stage].iter().enumerate() {
            for kept in self.instance.kept.clone() {
                let waits = self
                    .instance
                    .steps
                    .get(&step.name)
                    .is_some_and(|step| matches!(step.standing, Standing::Waiting { .. }));
                if waits {
                    let event = kept.event().map_err(crate::Defect::Kept)?;
                    self.wait_hears(At { stage, beside }, &step.name, &event)?;
                }
            }
        }
        Ok(())
    }
}
