//! The sagas of a service as they can be found: by name, by where they stand, by age, by when
//! they have to be looked at again.
//!
//! It is a view like any other, folded from the sagas' facts, and it is how a sleeping saga is
//! woken and a crashed one found: the engine holds none of them in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use ondol_domain::{Fingerprint, Index, IndexValue, Keys, View};
use ondol_kernel::{Recorded, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Fact;
use crate::instance::step_of;

/// How long a saga that has something to do is left to whoever began to do it.
pub const LEFT_ALONE: Duration = Duration::from_secs(2);

/// For how long a saga that has ended is kept where it is found, unless its definition says.
pub const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// One saga as it can be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaEntry {
    /// What its definition is called.
    pub saga: String,
    /// What it remembers its definition by.
    pub fingerprint: Option<Fingerprint>,
    /// What tells it from others of its name.
    pub identity: String,
    /// How it stands.
    pub state: SagaState,
    /// When it was started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub changed: Timestamp,
    /// Why a person was told, or why it turned round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// At which step it is stuck, or stood when something last happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Its deadline and the steps that are under way, and when each has to be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    open: BTreeMap<String, Timestamp>,
    /// Whether it has turned round, whatever it was before it was stuck.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    turned_round: bool,
    /// For how long it is kept once it has ended, if that was said; then until when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_for_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_until: Option<Timestamp>,
}

/// How a saga stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SagaState {
    /// It goes forward.
    Running,
    /// What was done is being undone.
    Unwinding,
    /// It does not get on by itself, and goes on trying.
    Stuck,
    /// All is done.
    Completed,
    /// What was done is undone.
    Compensated,
}

impl SagaState {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Unwinding => "unwinding",
            Self::Stuck => "stuck",
            Self::Completed => "completed",
            Self::Compensated => "compensated",
        }
    }
}

impl Default for SagaEntry {
    fn default() -> Self {
        Self {
            saga: String::new(),
            fingerprint: None,
            identity: String::new(),
            state: SagaState::Running,
            started: Timestamp::EPOCH,
            changed: Timestamp::EPOCH,
            because: None,
            step: None,
            deadline: None,
            open: BTreeMap::new(),
            turned_round: false,
            kept_for_ms: None,
            kept_until: None,
        }
    }
}

impl View for SagaEntry {
    const NAME: &'static str = "sagas";
    const VERSION: u32 = 4;
    // A saga moves on several times in a moment, and most have ended before the sweeper, which
    // leaves the young alone for longer than this, would look for them. Each is written once then.
    const GATHERS: Duration = Duration::from_secs(1);
    const KEPT_UNTIL: Option<&'static str> = Some("kept");
    type Event = Fact;

    fn key(event: &Recorded<Fact>) -> Keys {
        Keys::One(event.stream.to_string())
    }

    fn apply(&mut self, event: &Recorded<Fact>) {
        self.changed = event.metadata.time;
        self.move_on(&event.data);
    }

    fn indexes() -> &'static [Index<Self>] {
        const {
            &[
                Index::ordered("wakes", |entry| entry.wakes_at().into()),
                Index::ordered("started", |entry| entry.started.into()),
                Index::prefix("state", |entry| entry.standing().into()),
                Index::equality("saga", |entry| entry.saga.as_str().into()),
                Index::equality("step", Self::open_step),
                Index::ordered("kept", |entry| entry.kept_until.into()),
            ]
        }
    }
}

impl SagaEntry {
    /// Whether it has come to its end.
    pub const fn is_ended(&self) -> bool {
        matches!(self.state, SagaState::Completed | SagaState::Compensated)
    }

    /// When it has to be looked at again.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        if self.is_ended() {
            return None;
        }
        self.open.values().copied().chain(self.deadline).min().or(Some(self.changed))
    }

    /// What the index "state" of those that stand so begins with: they are found in the order in
    /// which they were started.
    pub fn standing_so(state: SagaState) -> String {
        format!("{} ", state.name())
    }

    fn standing(&self) -> String {
        format!("{}{:020}", Self::standing_so(self.state), self.started.as_micros().max(0))
    }

    fn open_step(&self) -> IndexValue {
        if self.is_ended() { IndexValue::Nothing } else { self.step.clone().into() }
    }

    fn move_on(&mut self, fact: &Fact) {
        let soon = self.changed.checked_add(LEFT_ALONE).unwrap_or(self.changed);
        if let Some(step) = step_of(fact) {
            self.step = Some(step.to_owned());
        }
        match fact {
            Fact::Started { saga, fingerprint, identity, deadline, kept_for_ms, .. } => {
                self.kept_for_ms = *kept_for_ms;
                self.saga.clone_from(saga);
                self.identity.clone_from(identity);
                self.fingerprint = Some(*fingerprint);
                self.started = self.changed;
                self.deadline = deadline.map(|timer| timer.due);
            }
            Fact::Asked { step, .. }
            | Fact::UndoAsked { step, .. }
            | Fact::Recalled { step }
            | Fact::Retried { step, .. } => {
                self.open.insert(step.clone(), soon);
            }
            Fact::TimedOut { step, .. } => {
                // One that only waited is over; the next fact says so if it is being made void.
                self.open.insert(step.clone(), soon);
            }
            Fact::Waits { step, limit } => {
                self.open.insert(step.clone(), limit.due);
            }
            Fact::Unanswered { step, again, .. }
            | Fact::Held { step, again, .. }
            | Fact::Refused { step, again: Some(again), .. } => {
                self.open.insert(step.clone(), again.due);
            }
            Fact::Overdue { step: Some(step), .. } => {
                self.open.insert(step.clone(), far_off());
            }
            Fact::Overdue { step: None, .. } => self.deadline = None,
            Fact::Answered { step, .. }
            | Fact::Refused { step, again: None, .. }
            | Fact::Voided { step }
            | Fact::Undone { step }
            | Fact::LeftOut { step }
            | Fact::Skipped { step, .. } => {
                self.open.remove(step);
                self.gets_on(step);
            }
            _ => self.whole_moves_on(fact, soon),
        }
    }

    fn whole_moves_on(&mut self, fact: &Fact, soon: Timestamp) {
        match fact {
            Fact::TurnedRound { because } => {
                (self.state, self.turned_round) = (SagaState::Unwinding, true);
                self.because = Some(because.clone());
                self.deadline = None;
            }
            Fact::WentOn { .. } => {
                (self.state, self.turned_round) = (SagaState::Running, false);
            }
            Fact::Stuck { because, .. } => {
                self.state = SagaState::Stuck;
                self.because = Some(because.clone());
            }
            Fact::Resumed { .. } => {
                self.open.values_mut().for_each(|wakes| *wakes = soon);
                self.gets_on_at_all();
            }
            Fact::Migrated { fingerprint, steps, .. } => {
                self.fingerprint = Some(*fingerprint);
                let open = std::mem::take(&mut self.open).into_iter();
                let renamed = |step: String| steps.get(&step).cloned().unwrap_or(step);
                self.open = open.map(|(step, wakes)| (renamed(step), wakes)).collect();
            }
            Fact::Completed => self.ends(SagaState::Completed),
            Fact::Compensated => self.ends(SagaState::Compensated),
            _ => {}
        }
    }

    fn gets_on(&mut self, step: &str) {
        if self.state == SagaState::Stuck && self.step.as_deref() == Some(step) {
            self.gets_on_at_all();
        }
    }

    const fn gets_on_at_all(&mut self) {
        let state = if self.turned_round { SagaState::Unwinding } else { SagaState::Running };
        self.state = state;
    }

    fn ends(&mut self, state: SagaState) {
        self.state = state;
        self.deadline = None;
        self.open.clear();
        let kept_for = self.kept_for_ms.map_or(KEPT_FOR, Duration::from_millis);
        self.kept_until = Some(self.changed.checked_add(kept_for).unwrap_or_else(far_off));
    }
}

/// A time that does not come.
fn far_off() -> Timestamp {
    Timestamp::from_micros(253_402_300_799_000_000).unwrap_or_default()
}

#[cfg(test)]
mod tests;
