//! Drives one saga through one case: a world in which things go wrong as they are told to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ondol_bus::Reply;
use ondol_domain::Holder;
use ondol_kernel::{CommandId, Envelope, Timestamp};

use super::Books;
use super::case::{Case, FaultKind};
use super::check::refold;
use crate::machine::{Beginning, Failure, Input, NextError, Order, begin, next};
use crate::{Definition, Fact, Instance, Known, Standing, Work, WorkKind, baffled, saga_stream};

/// After so many turns a saga is said never to end.
const TURNS_MAX: usize = 1_000;
/// How often one that is shut out cannot make void either what it has asked.
const VOIDS_REFUSED: u32 = 2;
/// What sagas of a proof are told apart by when they have no identity of their own.
const IDENTITY: &str = "proof";

/// What makes the events that steps wait for.
pub(super) type Happens<'a> = &'a dyn Fn(&str, &Known) -> Option<Envelope>;

/// What takes effect when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) step: String,
    pub(super) what: WorkKind,
    pub(super) command: CommandId,
}

/// How a case has gone.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) instance: Instance,
    pub(super) facts: Vec<(Timestamp, Fact)>,
    pub(super) books: Books,
    pub(super) effects: Vec<Effect>,
    /// What was found wrong on the way.
    pub(super) wrong: Option<String>,
}

/// The world of one case.
pub(super) struct Drive<'a> {
    definition: &'a dyn Definition,
    case: &'a Case,
    happens: Happens<'a>,
    always: &'a dyn Fn(&Books) -> Result<(), String>,
    run: Run,
    now: Timestamp,
    /// How often each question has been tried.
    tried: BTreeMap<(String, WorkKind), u32>,
    /// Questions that nobody will answer, until when whoever asks waits for that.
    silent: BTreeMap<(CommandId, WorkKind), Timestamp>,
    late: Vec<(CommandId, Reply)>,
    heard: BTreeSet<String>,
    /// What was to be asked when the process crashed: nobody knows whether it was.
    asked_before: BTreeSet<CommandId>,
    /// How many facts there were after each append: those of one are recorded together or not.
    appended: Vec<usize>,
    crashed: bool,
    cancelled: bool,
}

/// Drives a saga through a case.
pub(super) fn drive<'a>(
    definition: &'a dyn Definition,
    data: &Known,
    books: &Books,
    case: &'a Case,
    happens: Happens<'a>,
    always: &'a dyn Fn(&Books) -> Result<(), String>,
) -> Result<Run, NextError> {
    let now = Timestamp::EPOCH;
    let identity = definition.identity(data)?.unwrap_or_else(|| IDENTITY.to_owned());
    let stream = saga_stream(&definition.shape().name, &identity)
        .map_err(|error| NextError::from(crate::Defect::Kept(error)))?;
    let beginning = Beginning { stream, identity, data: data.clone(), correlation: None };
    let begun = begin(definition, beginning, now)?;
    let run = Run {
        instance: begun.instance,
        facts: begun.facts.into_iter().map(|fact| (now, fact)).collect(),
        books: books.clone(),
        effects: Vec::new(),
        wrong: None,
    };
    let appended = vec![run.facts.len()];
    let mut drive = Drive {
        definition,
        case,
        happens,
        always,
        run,
        now,
        tried: BTreeMap::new(),
        silent: BTreeMap::new(),
        late: Vec::new(),
        heard: BTreeSet::new(),
        asked_before: BTreeSet::new(),
        appended,
        crashed: false,
        cancelled: false,
    };
    drive.finish()?;
    Ok(drive.run)
}

impl Drive<'_> {
    fn finish(&mut self) -> Result<(), NextError> {
        for _turn in 0..TURNS_MAX {
            self.interfere()?;
            self.check_always();
            if self.run.wrong.is_some() {
                return Ok(());
            }
            if self.run.instance.is_ended() {
                return self.answer_late();
            }
            if !self.turn()? {
                self.run.wrong = Some("it waits for nothing, and does not end".to_owned());
                return Ok(());
            }
        }
        self.run.wrong = Some(format!("it has not ended after {TURNS_MAX} turns"));
        Ok(())
    }

    /// One thing that is to be done is done, or time passes; nothing when nothing is to come.
    fn turn(&mut self) -> Result<bool, NextError> {
        if self.something_happens()? {
            return Ok(true);
        }
        let work = self.run.instance.work(self.now);
        let mut open = work.iter().filter(|work| !self.silent.contains_key(&of(work)));
        let next = if self.case.reversed { open.next_back() } else { open.next() };
        if let Some(work) = next.cloned() {
            self.perform(&work)?;
            return Ok(true);
        }
        self.time_passes(&work)
    }

    /// Time passes until the next timer, or until somebody has waited long enough.
    fn time_passes(&mut self, silent: &[Work]) -> Result<bool, NextError> {
        let timers = self.run.instance.timers().map(|timer| timer.due);
        let again = self.run.instance.wakes_at();
        let to_come = timers.chain(again).filter(|due| *due > self.now);
        // Whoever has waited long enough while time made a leap gives up now.
        let given_up = silent.iter().filter_map(|work| self.silent.get(&of(work)));
        let next = to_come.chain(given_up.map(|until| (*until).max(self.now))).min();
        let Some(next) = next else { return Ok(false) };
        self.now = next;
        self.take(&Input::Time)?;
        let given_up: Vec<_> = self
            .silent
            .iter()
            .filter(|(_, until)| **until <= self.now)
            .map(|(id, _)| *id)
            .collect();
        for command in given_up {
            self.silent.remove(&command);
            self.fail(command.0, "timed-out", true)?;
        }
        Ok(true)
    }

    /// What a step waits for happens, unless the case has it otherwise.
    fn something_happens(&mut self) -> Result<bool, NextError> {
        let steps = self.definition.shape().stages.iter().flatten();
        let waits: Vec<_> =
            steps.filter(|step| !step.waits_for.is_empty()).map(|step| step.name.clone()).collect();
        for step in waits {
            let standing = self.run.instance.steps.get(&step).map(|record| &record.standing);
            let is_waiting = matches!(standing, Some(Standing::Waiting { .. }));
            let early = self.case.has(&step, FaultKind::HeardEarly) && standing.is_none();
            let happens = (is_waiting || early) && !self.case.has(&step, FaultKind::Unheard);
            if happens
                && self.heard.insert(step.clone())
                && let Some(event) = (self.happens)(&step, &self.run.instance.data)
            {
                let times = if self.case.has(&step, FaultKind::Twice) { 2 } else { 1 };
                for _time in 0..times {
                    self.take(&Input::Heard(Box::new(event.clone())))?;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks, as the case has it.
    fn perform(&mut self, work: &Work) -> Result<(), NextError> {
        let command = work.question.command;
        if work.what == WorkKind::Void {
            if self.case.has(&work.step, FaultKind::ArrivesLate) {
                let reply = self.run.books.void(command);
                self.ask(work);
                return self.answer(command, reply);
            }
            let shuts = self.case.has(&work.step, FaultKind::ShutOut);
            let tried = self.tried_once_more(work);
            if shuts && tried <= VOIDS_REFUSED {
                return self.fail(command, "shut out", false);
            }
            let reply = self.run.books.void(command);
            return self.answer(command, reply);
        }
        if let Some(by) = self.run.books.held_by(&work.question.call(), command) {
            return self.held(command, &by);
        }
        let tried = self.tried_once_more(work);
        match self.case.fault(&work.step, work.what) {
            Some(FaultKind::Refused(times)) if tried <= times => {
                let reply = self.run.books.refuse(command);
                self.answer(command, reply)
            }
            Some(FaultKind::Unreachable(times)) if tried <= times => {
                self.fail(command, "unreachable", true)
            }
            Some(FaultKind::AnswerLost(times)) if tried <= times => {
                self.ask(work);
                self.fail(command, "answer-lost", true)
            }
            Some(FaultKind::Nobody) => self.fail(command, "nobody", false),
            Some(FaultKind::ShutOut) if tried == 1 => {
                self.ask(work);
                self.crash(self.run.facts.len());
                Ok(())
            }
            Some(FaultKind::ShutOut) => self.fail(command, "shut out", false),
            Some(FaultKind::Held(times)) if tried <= times => self.held(command, &other()),
            Some(FaultKind::Deadlock) if tried == 1 => {
                self.held(command, &other())?;
                self.take(&Input::Deadlock { held_by: other() })
            }
            Some(FaultKind::SilentWithoutEffect | FaultKind::ArrivesLate) if tried == 1 => {
                self.keep_silent(work);
                Ok(())
            }
            Some(FaultKind::SilentWithEffect) if tried == 1 => {
                self.ask(work);
                self.keep_silent(work);
                Ok(())
            }
            fault => {
                let reply = self.ask(work);
                if fault == Some(FaultKind::Twice) {
                    let again = self.ask(work);
                    self.answer(command, again)?;
                }
                if fault == Some(FaultKind::AnsweredLate) {
                    self.late.push((command, reply.clone()));
                }
                self.answer(command, reply)
            }
        }
    }

    fn tried_once_more(&mut self, work: &Work) -> u32 {
        let tried = self.tried.entry((work.step.clone(), work.what)).or_default();
        *tried += 1;
        *tried
    }

    fn keep_silent(&mut self, work: &Work) {
        let within = Duration::from_millis(work.question.within_ms);
        let until = self.now.checked_add(within).unwrap_or(self.now);
        self.silent.insert(of(work), until);
    }

    fn ask(&mut self, work: &Work) -> Reply {
        let command = work.question.command;
        let is_new = self.run.books.answer(command).is_none();
        let reply = self.run.books.ask(&work.question.call(), command);
        if is_new && matches!(reply, Reply::Done { .. }) {
            let (step, what) = (work.step.clone(), work.what);
            self.run.effects.push(Effect { step, what, command });
        }
        reply
    }

    fn answer(&mut self, command: CommandId, reply: Reply) -> Result<(), NextError> {
        self.take(&Input::Reply { command, reply })
    }

    fn fail(&mut self, command: CommandId, code: &str, may: bool) -> Result<(), NextError> {
        let (code, because) = (code.to_owned(), format!("{code}, says the proof"));
        self.take_failure(command, (code, because), may, None)
    }

    fn held(&mut self, command: CommandId, by: &Holder) -> Result<(), NextError> {
        let (code, because) = ("held".to_owned(), format!("it is held by {by}"));
        self.take_failure(command, (code, because), true, Some(by.clone()))
    }

    fn take_failure(
        &mut self,
        command: CommandId,
        (code, because): (String, String),
        may_be_asked_again: bool,
        held_by: Option<Holder>,
    ) -> Result<(), NextError> {
        let (asked_before, again_after) = (self.asked_before.contains(&command), None);
        let failure =
            Failure { code, because, may_be_asked_again, asked_before, again_after, held_by };
        self.take(&Input::Failure { command, failure })
    }

    /// Whatever is said once more when all is over changes nothing.
    fn answer_late(&mut self) -> Result<(), NextError> {
        for (command, reply) in std::mem::take(&mut self.late) {
            let before = self.run.facts.len();
            self.answer(command, reply)?;
            if self.run.facts.len() != before {
                self.run.wrong = Some("an answer that came late has changed it".to_owned());
            }
        }
        Ok(())
    }

    fn take(&mut self, input: &Input) -> Result<(), NextError> {
        let before = self.run.instance.clone();
        let transition = match next(self.definition, before.clone(), input, self.now) {
            Err(NextError::Defect(defect)) => {
                let command = match input {
                    Input::Reply { command, .. } | Input::Failure { command, .. } => Some(*command),
                    _ => None,
                };
                baffled(self.definition, before, command, &defect.to_string(), self.now)?
            }
            other => other?,
        };
        self.run.instance = transition.instance;
        self.run.facts.extend(transition.facts.into_iter().map(|fact| (self.now, fact)));
        self.appended.push(self.run.facts.len());
        Ok(())
    }

    /// The process crashes, a person cancels, the time is over: when the case says.
    fn interfere(&mut self) -> Result<(), NextError> {
        let count = self.run.facts.len();
        if !self.crashed && self.case.crash_after.is_some_and(|after| count >= after) {
            self.crashed = true;
            self.crash(self.case.crash_after.unwrap_or(count));
            self.take(&Input::Time)?;
        }
        let is_time = |after: Option<usize>| after.is_some_and(|after| count >= after);
        if !self.cancelled && is_time(self.case.cancel_after) {
            self.cancelled = true;
            let order = Order::Cancel { because: "the proof".into(), by: "nobody".into() };
            match self.take(&Input::Order(order)) {
                Err(NextError::Order(_)) => {}
                other => other?,
            }
        }
        if !self.cancelled && is_time(self.case.late_after) {
            self.cancelled = true;
            if let Some(deadline) = self.run.instance.deadline {
                self.now = self.now.max(deadline.due);
                self.take(&Input::Time)?;
            }
        }
        Ok(())
    }

    /// Only the first facts were recorded; whatever else was known is gone.
    fn crash(&mut self, recorded: usize) {
        let whole = self.appended.iter().rev().find(|facts| **facts <= recorded);
        self.run.facts.truncate(whole.copied().unwrap_or(recorded));
        self.silent.clear();
        // Whoever tells of an event that was not recorded has not moved on, and tells it again.
        self.heard.clear();
        let folded = refold(&self.run.instance, &self.run.facts);
        match folded {
            Ok(instance) => self.run.instance = instance,
            Err(wrong) => self.run.wrong = Some(wrong),
        }
        let open = self.run.instance.steps.values().filter_map(|step| step.standing.pending());
        self.asked_before.extend(open.map(|pending| pending.question.command));
    }

    fn check_always(&mut self) {
        if let Err(wrong) = (self.always)(&self.run.books) {
            self.run.wrong.get_or_insert(wrong);
        }
    }
}

/// Another saga.
fn other() -> Holder {
    Holder::of("proof.other", IDENTITY)
}

/// What is being tried, and how.
const fn of(work: &Work) -> (CommandId, WorkKind) {
    (work.question.command, work.what)
}
