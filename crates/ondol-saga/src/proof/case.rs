//! What can go wrong, derived from the definition alone.

use std::fmt;

use ondol_domain::SagaShape;

use crate::WorkKind;

/// Something that goes wrong with one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) step: String,
    pub(super) undoes: bool,
    pub(super) kind: FaultKind,
}

/// How it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Whoever is asked says no, so often.
    Refused(u32),
    /// The question does not arrive, so often.
    Unreachable(u32),
    /// It takes effect, and the answer is lost, so often.
    AnswerLost(u32),
    /// It never arrives, and nobody says so until the time is over.
    SilentWithoutEffect,
    /// It takes effect, and nobody says so until the time is over.
    SilentWithEffect,
    /// It arrives after the time is over.
    ArrivesLate,
    /// It arrives twice, and is answered twice.
    Twice,
    /// Its answer comes once more when the saga has ended.
    AnsweredLate,
    /// There is nobody to be asked.
    Nobody,
    /// It takes effect, the process crashes, and the next one is not let in any more.
    ShutOut,
    /// What is asked for is held by another saga, so often.
    Held(u32),
    /// The other saga waits for this one, and this one has to give way.
    Deadlock,
    /// What the step waits for does not happen.
    Unheard,
    /// What the step waits for happens before it waits.
    HeardEarly,
}

/// One way in which a saga can go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) faults: Vec<Fault>,
    /// The process ends when so many facts are recorded.
    pub(super) crash_after: Option<usize>,
    /// A person cancels it when so many facts are recorded.
    pub(super) cancel_after: Option<usize>,
    /// Its deadline passes when so many facts are recorded.
    pub(super) late_after: Option<usize>,
    /// Steps side by side are answered the last first.
    pub(super) reversed: bool,
}

/// How many ways two things going wrong are tried out at most.
const PAIRS_MAX: usize = 20_000;
/// How often an undoing fails before it works.
const UNDO_FAILURES: [u32; 3] = [1, 3, 12];

impl Fault {
    pub(super) fn is_of(&self, step: &str, what: WorkKind) -> bool {
        self.step == step && self.undoes == (what == WorkKind::Undo)
    }
}

impl Case {
    pub(super) fn of(fault: Fault) -> Self {
        Self { faults: vec![fault], ..Self::default() }
    }

    pub(super) fn fault(&self, step: &str, what: WorkKind) -> Option<FaultKind> {
        self.faults.iter().find(|fault| fault.is_of(step, what)).map(|fault| fault.kind)
    }

    pub(super) fn has(&self, step: &str, kind: FaultKind) -> bool {
        self.faults.iter().any(|fault| fault.step == step && fault.kind == kind)
    }
}

/// Everything that can go wrong with one step, or with the undoing of one.
pub(super) fn faults(shape: &SagaShape) -> Vec<Fault> {
    let mut found = Vec::new();
    for (stage, steps) in shape.stages.iter().enumerate() {
        let is_past_pivot = shape.pivot.is_some_and(|pivot| stage >= pivot);
        for step in steps {
            let kinds = if step.waits_for.is_empty() {
                of_asking(is_past_pivot, step.retry.map_or(1, |retry| retry.attempts_max))
            } else {
                of_waiting(is_past_pivot)
            };
            let fault = |undoes, kind| Fault { step: step.name.clone(), undoes, kind };
            found.extend(kinds.into_iter().map(|kind| fault(false, kind)));
            if step.undo {
                found.extend(of_undoing().into_iter().map(|kind| fault(true, kind)));
            }
        }
    }
    found
}

fn of_asking(is_past_pivot: bool, attempts_max: u32) -> Vec<FaultKind> {
    use FaultKind::{
        AnswerLost, AnsweredLate, ArrivesLate, Deadlock, Held, Nobody, Refused, ShutOut,
        SilentWithEffect, SilentWithoutEffect, Twice, Unreachable,
    };
    let mut kinds = vec![
        Refused(1),
        Unreachable(1),
        AnswerLost(1),
        Unreachable(attempts_max.saturating_add(1)),
        AnswerLost(attempts_max.saturating_add(1)),
        SilentWithoutEffect,
        SilentWithEffect,
        ArrivesLate,
        Twice,
        AnsweredLate,
        Held(1),
    ];
    if is_past_pivot {
        kinds.extend([Refused(3), Held(attempts_max.saturating_add(1))]);
    } else {
        kinds.extend([Nobody, ShutOut, Held(u32::MAX), Deadlock]);
    }
    kinds
}

fn of_waiting(is_past_pivot: bool) -> Vec<FaultKind> {
    let unheard = (!is_past_pivot).then_some(FaultKind::Unheard);
    unheard.into_iter().chain([FaultKind::HeardEarly, FaultKind::Twice]).collect()
}

/// An undoing goes wrong only when something is undone: pairs bring that about.
fn of_undoing() -> Vec<FaultKind> {
    let failing = UNDO_FAILURES.iter();
    let failing =
        failing.flat_map(|times| [FaultKind::Unreachable(*times), FaultKind::AnswerLost(*times)]);
    let others = [
        FaultKind::Refused(1),
        FaultKind::Refused(3),
        FaultKind::SilentWithEffect,
        FaultKind::SilentWithoutEffect,
        FaultKind::Twice,
        FaultKind::AnsweredLate,
    ];
    failing.chain(others).collect()
}

/// Two things going wrong at once, every way as far as there are not too many.
pub(super) fn pairs(faults: &[Fault]) -> Vec<Case> {
    let mut pairs = Vec::new();
    for (at, first) in faults.iter().enumerate() {
        for second in &faults[at + 1..] {
            let is_held =
                |fault: &Fault| matches!(fault.kind, FaultKind::Held(_) | FaultKind::Deadlock);
            // To be kept out is like not to be answered, so it is paired with undoing alone.
            let is_tried = !(is_held(first) || is_held(second)) || first.undoes || second.undoes;
            if is_tried && (first.step != second.step || first.undoes != second.undoes) {
                let faults = vec![first.clone(), second.clone()];
                pairs.push(Case { faults, ..Case::default() });
            }
        }
    }
    let stride = pairs.len().div_ceil(PAIRS_MAX).max(1);
    pairs.into_iter().step_by(stride).collect()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, undoes, kind } = self;
        if *undoes {
            write!(f, "the undoing of {step:?} {kind}")
        } else {
            write!(f, "the step {step:?} {kind}")
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(times) => write!(f, "is refused {times}×"),
            Self::Unreachable(times) => write!(f, "cannot be asked {times}×"),
            Self::AnswerLost(times) => write!(f, "takes effect and its answer is lost {times}×"),
            Self::SilentWithoutEffect => f.write_str("takes no effect and is not answered"),
            Self::SilentWithEffect => f.write_str("takes effect and is not answered"),
            Self::ArrivesLate => f.write_str("arrives when its time is over"),
            Self::Twice => f.write_str("arrives twice and is answered twice"),
            Self::AnsweredLate => f.write_str("is answered once more at the end"),
            Self::Nobody => f.write_str("finds nobody to be asked"),
            Self::ShutOut => f.write_str("takes effect, and after a crash may not be asked again"),
            Self::Held(u32::MAX) => f.write_str("finds what it asks for held for ever"),
            Self::Held(times) => write!(f, "finds what it asks for held {times}×"),
            Self::Deadlock => f.write_str("finds what it asks for held by one that waits for it"),
            Self::Unheard => f.write_str("waits in vain"),
            Self::HeardEarly => f.write_str("has happened before it is waited for"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = |what: &str, count: Option<usize>| {
            count.map(|count| format!("{what} after {count} events"))
        };
        let mut parts: Vec<_> = self.faults.iter().map(ToString::to_string).collect();
        parts.extend(after("the process crashes", self.crash_after));
        parts.extend(after("a person cancels it", self.cancel_after));
        parts.extend(after("its time is over", self.late_after));
        parts.extend(self.reversed.then(|| "the last of those side by side comes first".into()));
        if parts.is_empty() {
            return f.write_str("nothing goes wrong");
        }
        f.write_str(&parts.join(", and "))
    }
}
