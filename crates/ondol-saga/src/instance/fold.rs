//! How a saga stands once something has happened to it.

use std::collections::BTreeMap;

use ondol_domain::Impossible;
use ondol_kernel::{Metadata, StreamId, Timestamp, Version};

use super::{Instance, Pending, Phase, Standing, StepRecord, Stuck, WorkKind};
use crate::fact::{Fact, Timer};

/// How many of the events that it has heard a saga remembers, so as to hear none twice.
const HEARD_MAX: usize = 1_000;

impl Instance {
    /// The saga that has just been started.
    ///
    /// # Errors
    /// When the first thing that happened to it is something else.
    pub fn begin(stream: StreamId, fact: &Fact, about: &Metadata) -> Result<Self, Impossible> {
        let Fact::Started { saga, version, fingerprint, identity, data, deadline, .. } = fact
        else {
            return Err(Impossible::new(&"a saga that was not started", fact));
        };
        Ok(Self {
            stream,
            version: Version::new(1),
            correlation: about.correlation,
            tenant: about.tenant.clone(),
            traceparent: about.traceparent,
            saga: saga.clone(),
            saga_version: *version,
            fingerprint: *fingerprint,
            identity: identity.clone(),
            data: data.clone(),
            answers: BTreeMap::new(),
            started: about.time,
            changed: about.time,
            phase: Phase::Forward,
            steps: BTreeMap::new(),
            done: Vec::new(),
            deadline: *deadline,
            stuck: None,
            kept: Vec::new(),
            heard: Vec::new(),
            generation: deadline.map_or(0, |timer| timer.generation),
        })
    }

    /// What has happened is folded in.
    ///
    /// # Errors
    /// When it cannot have happened to the saga as it stands. Then it is left as it was.
    pub fn apply(&mut self, fact: &Fact, time: Timestamp) -> Result<(), Impossible> {
        if self.is_ended() {
            return Err(self.impossible(fact, "it had come to its end"));
        }
        match fact {
            Fact::Started { .. } => return Err(self.impossible(fact, "it was started already")),
            Fact::TurnedRound { because } => self.turn_round(because, fact)?,
            Fact::WentOn { .. } => self.go_on(fact)?,
            Fact::Heard { event, data, kept, .. } => {
                self.heard.push(*event);
                let over = self.heard.len().saturating_sub(HEARD_MAX);
                self.heard.drain(..over);
                self.kept.extend(kept.as_deref().cloned());
                self.learn(data.as_ref());
            }
            Fact::Overdue { step: None, generation } => {
                self.deadline = self.deadline.filter(|timer| timer.generation != *generation);
            }
            Fact::Resumed { .. } => self.resume(time),
            Fact::Migrated { version, fingerprint, steps, .. } => {
                (self.saga_version, self.fingerprint) = (*version, *fingerprint);
                self.rename(steps);
            }
            Fact::Completed => self.end(Phase::Completed, fact)?,
            Fact::Compensated => {
                let Phase::Backward { because } = self.phase.clone() else {
                    return Err(self.impossible(fact, "it went forward"));
                };
                self.end(Phase::Compensated { because }, fact)?;
            }
            Fact::Stuck { step, because } => {
                let (step, because) = (step.clone(), because.clone());
                self.stuck = Some(Stuck { step, because, since: time });
            }
            Fact::Asked { step, .. } | Fact::LeftOut { step } | Fact::Waits { step, .. } => {
                self.begin_step(step, fact, time)?;
            }
            _ => self.move_step(fact, time)?,
        }
        self.changed = time;
        self.version = self.version.next();
        Ok(())
    }

    fn begin_step(&mut self, step: &str, fact: &Fact, time: Timestamp) -> Result<(), Impossible> {
        // What was refused and is asked again goes on counting: it is asked less and less often.
        let round = self.steps.get(step).and_then(|record| record.standing.another_round());
        let attempts = round.map_or(0, |(_again, attempts)| attempts);
        let standing = match fact {
            Fact::Asked { question, limit, .. } => Standing::Asked {
                pending: Pending { attempts, ..Pending::new(WorkKind::Ask, question.clone()) },
                limit: *limit,
            },
            Fact::Waits { limit, .. } => Standing::Waiting { limit: Some(*limit) },
            _ => Standing::LeftOut,
        };
        let again = |record: &StepRecord| {
            matches!(record.standing, Standing::Again { .. } | Standing::Waiting { .. })
        };
        if self.phase != Phase::Forward || self.steps.get(step).is_some_and(|at| !again(at)) {
            return Err(self.impossible(fact, "the step does not come now"));
        }
        self.note_timer(standing.limit());
        let fresh = StepRecord {
            standing: Standing::LeftOut,
            round: 0,
            undo_round: 0,
            began: time,
            since: time,
        };
        let record = self.steps.entry(step.to_owned()).or_insert(fresh);
        (record.standing, record.since) = (standing, time);
        Ok(())
    }

    /// What happened to a step that had begun.
    fn move_step(&mut self, fact: &Fact, time: Timestamp) -> Result<(), Impossible> {
        let Some(step) = step_of(fact) else {
            return Err(self.impossible(fact, "it names no step"));
        };
        let Some(record) = self.steps.get(step) else {
            return Err(self.impossible(fact, "the step had not begun"));
        };
        let mut record = record.clone();
        let Some(standing) = moved(&mut record, fact, time) else {
            return Err(self.impossible(fact, "the step does not stand so"));
        };
        if let Fact::Answered { answer, data, heard, .. } = fact {
            self.learn(data.as_ref());
            self.answers.extend(answer.clone().map(|answer| (step.to_owned(), answer)));
            self.kept.retain(|kept| Some(kept.id()) != *heard);
            self.done.push(step.to_owned());
        }
        self.note_timer(timer_of(fact));
        if self.stuck.as_ref().is_some_and(|stuck| stuck.step == step) && gets_on(fact) {
            self.stuck = None;
        }
        (record.standing, record.since) = (standing, time);
        self.steps.insert(step.to_owned(), record);
        Ok(())
    }

    fn turn_round(&mut self, because: &str, fact: &Fact) -> Result<(), Impossible> {
        if self.phase != Phase::Forward {
            return Err(self.impossible(fact, "it had turned round"));
        }
        self.phase = Phase::Backward { because: because.to_owned() };
        Ok(())
    }

    fn go_on(&mut self, fact: &Fact) -> Result<(), Impossible> {
        let undoing = |record: &StepRecord| {
            matches!(
                record.standing,
                Standing::Undoing(_) | Standing::UndoAgain { .. } | Standing::Undone
            )
        };
        if !matches!(self.phase, Phase::Backward { .. }) || self.steps.values().any(undoing) {
            return Err(self.impossible(fact, "it is being undone, or goes forward"));
        }
        self.phase = Phase::Forward;
        Ok(())
    }

    fn end(&mut self, phase: Phase, fact: &Fact) -> Result<(), Impossible> {
        if self.steps.values().any(|record| record.standing.is_unfinished()) {
            return Err(self.impossible(fact, "a step had not come to its end"));
        }
        self.phase = phase;
        self.stuck = None;
        self.kept.clear();
        Ok(())
    }

    fn resume(&mut self, time: Timestamp) {
        for record in self.steps.values_mut() {
            hurry(&mut record.standing, time);
        }
        self.stuck = None;
    }

    fn rename(&mut self, steps: &BTreeMap<String, String>) {
        let new = |old: String| steps.get(&old).cloned().unwrap_or(old);
        let old = std::mem::take(&mut self.steps);
        self.steps = old.into_iter().map(|(step, record)| (new(step), record)).collect();
        let old = std::mem::take(&mut self.answers);
        self.answers = old.into_iter().map(|(step, answer)| (new(step), answer)).collect();
        self.done = std::mem::take(&mut self.done).into_iter().map(new).collect();
        self.stuck = None;
    }

    fn learn(&mut self, data: Option<&crate::Known>) {
        if let Some(data) = data {
            self.data = data.clone();
        }
    }

    fn note_timer(&mut self, timer: Option<Timer>) {
        self.generation = self.generation.max(timer.map_or(0, |timer| timer.generation));
    }

    fn impossible(&self, fact: &Fact, because: &'static str) -> Impossible {
        Impossible::new(&format_args!("the saga {} at {}", self.stream, self.version), fact)
            .because(because)
    }
}

/// Where a step stands once this has happened to it; nothing if it cannot have.
fn moved(record: &mut StepRecord, fact: &Fact, time: Timestamp) -> Option<Standing> {
    match (record.standing.clone(), fact) {
        (
            Standing::Asked { .. } | Standing::Settling(_) | Standing::Waiting { .. },
            Fact::Answered { .. },
        ) => Some(Standing::Done),
        (
            Standing::Asked { pending, .. } | Standing::Settling(pending),
            Fact::Refused { again: Some(again), .. },
        ) => {
            record.round += 1;
            Some(Standing::Again { again: *again, attempts: pending.attempts + 1 })
        }
        (Standing::Undoing(pending), Fact::Refused { again: Some(again), .. }) => {
            record.undo_round += 1;
            Some(Standing::UndoAgain { again: *again, attempts: pending.attempts + 1 })
        }
        (
            Standing::Asked { .. } | Standing::Settling(_) | Standing::Waiting { .. },
            Fact::Refused { again: None, .. } | Fact::Voided { .. },
        )
        | (Standing::Again { .. }, Fact::Voided { .. })
        | (Standing::Waiting { .. }, Fact::TimedOut { .. })
        // Whoever skips what cannot be made void has seen to it that nothing has come of it.
        | (Standing::Settling(_), Fact::Skipped { .. }) => Some(Standing::Failed),
        (Standing::Waiting { .. }, Fact::Overdue { .. }) => Some(Standing::Waiting { limit: None }),
        (Standing::Asked { pending, .. }, Fact::TimedOut { .. } | Fact::Recalled { .. }) => {
            Some(Standing::Settling(Pending::new(WorkKind::Void, pending.question)))
        }
        (mut standing, Fact::Unanswered { again, .. }) => {
            let pending = standing.pending_mut()?;
            pending.attempts += 1;
            pending.held_by = None;
            pending.again = Some(*again);
            Some(standing)
        }
        (mut standing, Fact::Held { by, again, .. }) => {
            let pending = standing.pending_mut()?;
            pending.waits += 1;
            pending.held_by = Some(by.clone());
            pending.again = Some(*again);
            Some(standing)
        }
        (Standing::Done, Fact::UndoAsked { question, .. }) => {
            Some(Standing::Undoing(Pending::new(WorkKind::Undo, question.clone())))
        }
        (Standing::UndoAgain { attempts, .. }, Fact::UndoAsked { question, .. }) => {
            let pending = Pending::new(WorkKind::Undo, question.clone());
            Some(Standing::Undoing(Pending { attempts, ..pending }))
        }
        (Standing::Undoing(_), Fact::Undone { .. }) => Some(Standing::Undone),
        (standing, Fact::Skipped { .. }) if standing.is_unfinished() => Some(Standing::Skipped),
        (mut standing, Fact::Retried { .. }) if standing.is_unfinished() => {
            hurry(&mut standing, time);
            Some(standing)
        }
        _ => None,
    }
}

/// Whatever waits to be tried again is tried at once, and counts from the beginning.
fn hurry(standing: &mut Standing, time: Timestamp) {
    match standing {
        Standing::Again { again, attempts } | Standing::UndoAgain { again, attempts } => {
            (again.due, *attempts) = (time, 0);
        }
        _ => {
            if let Some(pending) = standing.pending_mut() {
                (pending.again, pending.attempts, pending.waits) = (None, 0, 0);
            }
        }
    }
}

/// Which step this happened to.
pub(crate) fn step_of(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::Asked { step, .. }
        | Fact::LeftOut { step }
        | Fact::Waits { step, .. }
        | Fact::Answered { step, .. }
        | Fact::Refused { step, .. }
        | Fact::Unanswered { step, .. }
        | Fact::Held { step, .. }
        | Fact::TimedOut { step, .. }
        | Fact::Overdue { step: Some(step), .. }
        | Fact::Recalled { step }
        | Fact::Voided { step }
        | Fact::UndoAsked { step, .. }
        | Fact::Undone { step }
        | Fact::Stuck { step, .. }
        | Fact::Retried { step, .. }
        | Fact::Skipped { step, .. } => Some(step),
        Fact::Started { .. }
        | Fact::Overdue { step: None, .. }
        | Fact::Heard { .. }
        | Fact::TurnedRound { .. }
        | Fact::WentOn { .. }
        | Fact::Resumed { .. }
        | Fact::Migrated { .. }
        | Fact::Completed
        | Fact::Compensated => None,
    }
}

const fn timer_of(fact: &Fact) -> Option<Timer> {
    match fact {
        Fact::Unanswered { again, .. } | Fact::Held { again, .. } => Some(*again),
        Fact::Refused { again, .. } => *again,
        _ => None,
    }
}

/// Whether a saga that was stuck at a step is so no longer.
const fn gets_on(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::Unanswered { .. }
            | Fact::Held { .. }
            | Fact::Refused { .. }
            | Fact::UndoAsked { .. }
            | Fact::Overdue { .. }
    )
}
