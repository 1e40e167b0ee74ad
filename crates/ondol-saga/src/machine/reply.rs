//! What an answer does, and what no answer does.

use std::time::Duration;

use ondol_bus::Reply;
use ondol_kernel::{CommandId, Payload};

use super::delay::delay;
use super::{Draft, Failure, NextError};
use crate::Phase;
use crate::fact::{Fact, Timer};
use crate::instance::{Pending, WorkKind};

/// What a question that was made void by somebody else is said to have been refused with.
const VOIDED: (&str, &str) = ("voided", "it had been made void");

impl Draft<'_> {
    /// An answer to a question that is still open. One that comes late changes nothing.
    pub(super) fn reply(&mut self, command: CommandId, reply: &Reply) -> Result<(), NextError> {
        let Some((step, pending)) = self.asked(command) else { return Ok(()) };
        match (pending.what, reply) {
            (WorkKind::Ask | WorkKind::Void, Reply::Done { data, .. }) => {
                self.answered(step, pending.what, data)
            }
            (WorkKind::Undo, Reply::Done { .. }) => Ok(self.record(Fact::Undone { step })?),
            (_, Reply::Refused(refused)) => self.refused(&step, &refused.code, &refused.message),
            (WorkKind::Undo, Reply::Voided) => self.refused(&step, VOIDED.0, VOIDED.1),
            (WorkKind::Ask, Reply::Voided) if self.may_not_fail(&step)? => {
                self.refused(&step, VOIDED.0, VOIDED.1)
            }
            (WorkKind::Ask | WorkKind::Void, Reply::Voided) => {
                let because = format!("the step {step:?} is void");
                self.record(Fact::Voided { step })?;
                Ok(self.turn_round(because)?)
            }
        }
    }

    fn answered(&mut self, step: String, what: WorkKind, data: &Payload) -> Result<(), NextError> {
        let at = self.at(&step)?;
        let kept = self.definition.keeps(at, data);
        // What turns out to have been done is undone at once: nobody will read its answer but
        // the one who undoes it, and they have to do without it if it cannot be read.
        let answer = if what == WorkKind::Void { kept.ok().flatten() } else { kept? };
        Ok(self.record(Fact::Answered { step, answer, data: None, heard: None })?)
    }

    fn refused(&mut self, step: &str, code: &str, message: &str) -> Result<(), NextError> {
        let (code, message) = (code.to_owned(), message.to_owned());
        let undoes = matches!(self.pending(step), Some(Pending { what: WorkKind::Undo, .. }));
        let again =
            if undoes || self.may_not_fail(step)? { Some(self.again(step, None)?) } else { None };
        let because = format!("the step {step:?} was refused: {message}");
        let refused =
            Fact::Refused { step: step.to_owned(), code, message: message.clone(), again };
        self.record(refused)?;
        if again.is_some() {
            Ok(self.stuck(step, &message)?)
        } else {
            Ok(self.turn_round(because)?)
        }
    }

    /// No answer to a question that is still open.
    pub(super) fn failure(
        &mut self,
        command: CommandId,
        failure: &Failure,
    ) -> Result<(), NextError> {
        let Some((step, pending)) = self.asked(command) else { return Ok(()) };
        let attempts_max = self.definition.retries(self.at(&step)?).attempts_max;
        if let Some(by) = &failure.held_by {
            return self.held(&step, &pending, by, attempts_max);
        }
        let is_last = pending.attempts + 1 >= attempts_max || !failure.may_be_asked_again;
        let may_fail = pending.what == WorkKind::Ask && !self.may_not_fail(&step)?;
        // Whatever is said now, an earlier asking that was not answered may have taken effect.
        let is_first = pending.attempts == 0 && !failure.asked_before;
        if may_fail && !failure.may_be_asked_again && is_first {
            return self.refused(&step, &failure.code, &failure.because);
        }
        if may_fail && is_last {
            let because = format!("the step {step:?} could not be asked: {}", failure.because);
            self.record(Fact::TimedOut { step, generation: None })?;
            return Ok(self.turn_round(because)?);
        }
        self.unanswered(&step, &failure.because, failure.again_after)?;
        if is_last {
            self.stuck(&step, &failure.because)?;
        }
        Ok(())
    }

    pub(super) fn unanswered(
        &mut self,
        step: &str,
        because: &str,
        again_after: Option<Duration>,
    ) -> Result<(), NextError> {
        let again = self.again(step, again_after)?;
        let (step, because) = (step.to_owned(), because.to_owned());
        Ok(self.record(Fact::Unanswered { step, because, again })?)
    }

    /// When a question is tried once more.
    pub(super) fn again(&self, step: &str, at_least: Option<Duration>) -> Result<Timer, NextError> {
        let retry = self.definition.retries(self.at(step)?);
        let pending = self.pending(step);
        let (command, attempts) = pending.map_or(
            (crate::command_of(&self.instance.stream, crate::About::Step, step, 0), 0),
            |pending| (pending.question.command, pending.attempts + pending.waits),
        );
        let delay = delay(retry, command, attempts + 1);
        Ok(self.timer(delay.max(at_least.unwrap_or_default())))
    }

    /// The open question that has this id, and the step it belongs to.
    pub(super) fn asked(&self, command: CommandId) -> Option<(String, Pending)> {
        if self.instance.is_ended() {
            return None;
        }
        self.instance.steps.iter().find_map(|(step, record)| {
            let pending = record.standing.pending()?;
            (pending.question.command == command).then(|| (step.clone(), pending.clone()))
        })
    }

    fn pending(&self, step: &str) -> Option<&Pending> {
        self.instance.steps.get(step).and_then(|record| record.standing.pending())
    }

    /// Whether a step comes where nothing may fail: after the pivot, going forward.
    pub(super) fn may_not_fail(&self, step: &str) -> Result<bool, NextError> {
        let is_forward = self.instance.phase == Phase::Forward;
        Ok(is_forward && self.is_past_pivot(self.at(step)?.stage))
    }
}
