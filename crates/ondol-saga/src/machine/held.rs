//! What is asked for is held by another saga: it is waited for. Those that wait for each other in
//! a circle would wait for ever, so one of them gives way: it is turned round, and lets go.

use std::time::Duration;

use ondol_domain::Holder;

use super::{Draft, NextError, has_passed_pivot};
use crate::fact::Fact;
use crate::instance::{Pending, WorkKind};
use crate::{Definition, Instance, Phase};

/// How long is waited at most before it is looked again whether what is held has been let go.
/// Whoever is asked has one wait as well, and says at once when it is let go meanwhile.
const HELD_DELAY_MAX: Duration = Duration::from_secs(1);

impl Draft<'_> {
    /// What a step asked for is held: the same is asked again. Before the pivot its time limit is
    /// how long that may go on; where nothing may fail, a person is told when it takes too long.
    pub(super) fn held(
        &mut self,
        step: &str,
        pending: &Pending,
        by: &Holder,
        waits_max: u32,
    ) -> Result<(), NextError> {
        let again = self.again(step, None)?;
        let soon = self.timer(HELD_DELAY_MAX);
        let again = if again.due > soon.due { soon } else { again };
        let waits = pending.waits + 1;
        self.record(Fact::Held { step: step.to_owned(), by: by.clone(), again })?;
        let may_fail = pending.what == WorkKind::Ask && !self.may_not_fail(step)?;
        if !may_fail && waits >= waits_max {
            self.stuck(step, &format!("what it asks for is held by {by}"))?;
        }
        Ok(())
    }

    /// It gives way to those it waits for, unless it no longer waits, or cannot go back.
    pub(super) fn give_way(&mut self, held_by: &Holder) -> Result<(), NextError> {
        let still_waits = self.instance.held_by().any(|by| by == held_by);
        if !still_waits || self.instance.phase != Phase::Forward || self.has_passed_pivot() {
            return Ok(());
        }
        let because = format!("it and {held_by} wait for each other, and it gives way");
        Ok(self.turn_round(because)?)
    }
}

/// Which of those that wait for each other in a circle gives way: the one that was started last,
/// of those that can still go back. Whoever works it out comes to the same.
pub fn who_gives_way<'a>(
    circle: impl IntoIterator<Item = (&'a dyn Definition, &'a Instance)>,
) -> Option<&'a Instance> {
    let may_give_way = circle.into_iter().filter(|(definition, instance)| {
        instance.phase == Phase::Forward && !has_passed_pivot(*definition, instance)
    });
    may_give_way
        .map(|(_, instance)| instance)
        .max_by(|left, right| (left.started, &left.stream).cmp(&(right.started, &right.stream)))
}
