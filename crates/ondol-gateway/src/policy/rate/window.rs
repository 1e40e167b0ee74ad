//! What one key has used, and when it comes back.
//!
//! Not more than the limit is ever used in any time of the limit's length, wherever that time begins:
//! there are no edges at which a budget is there twice. The first few uses are kept apart. When there are
//! more, those that are close together (a sixteenth of the limit's time) are one group, which comes back
//! as a whole when its *last* use is old enough. So what is kept of a key stays small, and what it costs
//! is that some of a large budget comes back a sixteenth late.

use std::time::Duration;

/// Into how many parts the time of a limit is divided.
const PARTS: u32 = 16;
/// So many uses are kept apart.
const APART_MAX: usize = 8;

/// Uses that are close together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    first: Duration,
    last: Duration,
    uses: u32,
}

/// Whether a use belongs to the last group.
fn joins(group: &Group, apart: bool, per: Duration, now: Duration) -> bool {
    let nearness = if apart { Duration::ZERO } else { per / PARTS };
    now <= group.last || now.saturating_sub(group.first) < nearness
}

/// What one key has used within the last time of the limit's length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// The oldest first; never more than [`PARTS`], two, and [`APART_MAX`].
    groups: Vec<Group>,
    used: u32,
}

impl Window {
    /// Forgets what is old enough, and says what is left used.
    pub(crate) fn used(&mut self, per: Duration, now: Duration) -> u32 {
        let old = self.groups.iter().take_while(|group| group.last + per <= now);
        let (old, back) = old.fold((0, 0), |(old, back), group| (old + 1, back + group.uses));
        if old > 0 {
            self.groups.drain(..old);
            self.used -= back;
        }
        self.used
    }

    /// Uses one more, however many that are.
    pub(crate) fn add(&mut self, per: Duration, now: Duration) {
        self.used += 1;
        let apart = self.groups.len() < APART_MAX;
        match self.groups.last_mut() {
            Some(group) if joins(group, apart, per, now) => {
                group.last = now;
                group.uses += 1;
            }
            _ => self.groups.push(Group { first: now, last: now, uses: 1 }),
        }
    }

    /// Uses one, if that is not more than the limit; how long to wait, if it is.
    pub(crate) fn take(
        &mut self,
        calls: u32,
        per: Duration,
        now: Duration,
    ) -> Result<u32, Duration> {
        let used = self.used(per, now);
        if used >= calls {
            return Err(self.wait(calls, per, now));
        }
        self.add(per, now);
        Ok(calls - used - 1)
    }

    /// What was just used was not used after all.
    pub(crate) fn give_back(&mut self) {
        let Some(group) = self.groups.last_mut() else { return };
        group.uses -= 1;
        self.used -= 1;
        if group.uses == 0 {
            self.groups.pop();
        }
    }

    /// How long until less than this is used.
    pub(crate) fn wait(&self, calls: u32, per: Duration, now: Duration) -> Duration {
        let mut used = self.used;
        for group in &self.groups {
            used -= group.uses;
            if used < calls {
                return (group.last + per).saturating_sub(now);
            }
        }
        per
    }

    /// How long until some of it comes back; nothing, if nothing is used.
    pub(crate) fn more_in(&self, per: Duration, now: Duration) -> Duration {
        self.groups.first().map_or(Duration::ZERO, |group| (group.last + per).saturating_sub(now))
    }

    /// When it was last used.
    pub(crate) fn last(&self) -> Duration {
        self.groups.last().map_or(Duration::ZERO, |group| group.last)
    }
}

#[cfg(test)]
mod tests;
