//! What an event from outside does.

use ondol_domain::Turn;
use ondol_kernel::Envelope;

use super::{Draft, NextError};
use crate::definition::At;
use crate::fact::{Fact, Kept};
use crate::instance::Standing;
use crate::{Defect, Phase};

/// How many events a saga keeps for steps that have not come up.
pub const KEPT_MAX: usize = 100;

impl Draft<'_> {
    /// An event that may be about this saga. One that it has heard changes nothing.
    pub(super) fn hear(&mut self, event: &Envelope) -> Result<(), NextError> {
        if self.instance.is_ended() || self.instance.heard.contains(&event.id) {
            return Ok(());
        }
        let kept = self.is_kept(event)?.then(|| Kept::of(event)).transpose();
        let kept = kept.map_err(Defect::Data)?.map(Box::new);
        let heard = self.definition.hears(&self.instance.identity, &self.instance.data, event)?;
        if heard.is_some() || kept.is_some() {
            let (event, event_type) = (event.id, event.event_type.clone());
            let data = heard.as_ref().and_then(|(data, _turn)| data.clone());
            self.record(Fact::Heard { event, event_type, data, kept })?;
        }
        if let Some((_, Turn::Unwind(because))) = heard
            && !self.has_passed_pivot()
        {
            self.turn_round(because)?;
        }
        self.those_who_wait_hear(event)
    }

    fn those_who_wait_hear(&mut self, event: &Envelope) -> Result<(), NextError> {
        let steps = self.instance.steps.iter();
        let waiting =
            steps.filter(|(_, record)| matches!(record.standing, Standing::Waiting { .. }));
        for step in waiting.map(|(step, _)| step.clone()).collect::<Vec<_>>() {
            self.wait_hears(self.at(&step)?, &step, event)?;
        }
        Ok(())
    }

    /// A step that waits hears an event: it is what was waited for, or not.
    pub(super) fn wait_hears(
        &mut self,
        at: At,
        step: &str,
        event: &Envelope,
    ) -> Result<(), NextError> {
        if self.instance.phase != Phase::Forward {
            return Ok(());
        }
        let (identity, data) = (&self.instance.identity, &self.instance.data);
        let heard = self.definition.heard_by(at, identity, data, event)?;
        let step = step.to_owned();
        match heard {
            None => Ok(()),
            Some((answer, Turn::GoOn)) => {
                let heard = Some(event.id);
                Ok(self.record(Fact::Answered { step, answer, data: None, heard })?)
            }
            Some((_kept, Turn::Unwind(because))) if self.may_not_fail(&step)? => {
                Ok(self.stuck(&step, &because)?)
            }
            Some((_kept, Turn::Unwind(because))) => {
                let (code, message) = ("heard".to_owned(), because.clone());
                self.record(Fact::Refused { step, code, message, again: None })?;
                Ok(self.turn_round(because)?)
            }
        }
    }

    /// Whether a step that has not come up waits for such an event, which is about this saga.
    fn is_kept(&self, event: &Envelope) -> Result<bool, NextError> {
        let mut steps = self.definition.shape().stages.iter().flatten();
        let comes_up = steps.any(|step| {
            !self.instance.steps.contains_key(&step.name)
                && step.waits_for.iter().any(|waited| waited == event.event_type.as_str())
        });
        if !comes_up || self.instance.phase != Phase::Forward {
            return Ok(false);
        }
        let is_about = self.definition.about(event)?.contains(&self.instance.identity);
        if is_about && self.instance.kept.len() >= KEPT_MAX {
            return Err(Defect::TooMuchHeard.into());
        }
        Ok(is_about)
    }
}
