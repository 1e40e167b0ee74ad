//! What the passing of time does. Timers fire in the order in which they were due, each once, and
//! one that has been set anew or is no longer needed does not fire: how the saga stands says which
//! there are.

use super::{Draft, NextError};
use crate::Phase;
use crate::fact::{Fact, Timer};
use crate::instance::Standing;

/// What was due.
enum Due {
    Deadline,
    Limit(String),
    Round(String),
}

impl Draft<'_> {
    pub(super) fn time(&mut self) -> Result<(), NextError> {
        for (timer, due) in self.due() {
            match due {
                Due::Deadline => self.deadline_passes()?,
                Due::Limit(step) => self.limit_passes(step, timer)?,
                Due::Round(step) => self.ask_another_round(step)?,
            }
        }
        Ok(())
    }

    fn due(&self) -> Vec<(Timer, Due)> {
        let deadline = self.instance.deadline.map(|timer| (timer, Due::Deadline));
        let steps = self.instance.steps.iter();
        let of_steps = steps.flat_map(|(step, record)| {
            let limit = record.standing.limit().map(|timer| (timer, Due::Limit(step.clone())));
            let round = record.standing.another_round();
            limit.into_iter().chain(round.map(|(timer, _)| (timer, Due::Round(step.clone()))))
        });
        let mut due: Vec<_> = deadline
            .into_iter()
            .chain(of_steps)
            .filter(|(timer, _)| timer.due <= self.now)
            .collect();
        due.sort_by_key(|(timer, _)| *timer);
        due
    }

    /// The whole has taken too long. Past the pivot it goes on, for nothing is undone there.
    fn deadline_passes(&mut self) -> Result<(), NextError> {
        let Some(Timer { generation, .. }) =
            self.instance.deadline.filter(|_| self.instance.phase == Phase::Forward)
        else {
            return Ok(());
        };
        if self.has_passed_pivot() {
            return Ok(self.record(Fact::Overdue { step: None, generation })?);
        }
        Ok(self.turn_round("it was not done by its deadline".to_owned())?)
    }

    fn limit_passes(&mut self, step: String, timer: Timer) -> Result<(), NextError> {
        let standing = self.instance.steps.get(&step).map(|record| record.standing.clone());
        let is_set = standing.as_ref().and_then(Standing::limit) == Some(timer);
        if !is_set || self.instance.phase != Phase::Forward {
            return Ok(());
        }
        let generation = Some(timer.generation);
        match standing {
            Some(Standing::Waiting { .. }) if self.may_not_fail(&step)? => {
                let generation = timer.generation;
                self.record(Fact::Overdue { step: Some(step.clone()), generation })?;
                Ok(self.stuck(&step, "what it waits for has not happened in time")?)
            }
            Some(Standing::Waiting { .. }) => {
                let because = format!("what the step {step:?} waits for has not happened in time");
                self.record(Fact::TimedOut { step, generation })?;
                Ok(self.turn_round(because)?)
            }
            _ => {
                let because = format!("the step {step:?} was not answered in time");
                self.record(Fact::TimedOut { step, generation })?;
                Ok(self.turn_round(because)?)
            }
        }
    }

    /// What was refused is asked under another id.
    fn ask_another_round(&mut self, step: String) -> Result<(), NextError> {
        let undoes = self
            .instance
            .steps
            .get(&step)
            .is_some_and(|record| matches!(record.standing, Standing::UndoAgain { .. }));
        let fact = if undoes {
            self.undoing(&step)?
        } else {
            let at = self.at(&step)?;
            Some(self.beginning(at, step)?)
        };
        fact.map_or(Ok(()), |fact| self.record(fact)).map_err(NextError::from)
    }
}
