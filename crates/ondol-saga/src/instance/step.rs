//! Where one step of a saga stands.

use ondol_domain::Holder;
use ondol_kernel::Timestamp;

use super::WorkKind;
use crate::fact::{Question, Timer};

/// What is known of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Where it stands.
    pub standing: Standing,
    /// How often its question was refused and asked once more, under another id.
    pub round: u32,
    /// The same of its undoing.
    pub undo_round: u32,
    /// When it was begun.
    pub began: Timestamp,
    /// When it came to where it stands.
    pub since: Timestamp,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It is asked. Before the pivot it has a time limit.
    Asked {
        /// The question.
        pending: Pending,
        /// Until when it may take.
        limit: Option<Timer>,
    },
    /// It was refused where nothing may fail, and is about to be asked under another id.
    Again {
        /// When.
        again: Timer,
        /// How often it was tried.
        attempts: u32,
    },
    /// It waits for something to happen outside.
    Waiting {
        /// Until when; past the pivot it goes on waiting after that.
        limit: Option<Timer>,
    },
    /// It has taken too long, and is being made void.
    Settling(Pending),
    /// It was done.
    Done,
    /// It has taken no effect: it was refused, is void, or waited in vain.
    Failed,
    /// It was left out.
    LeftOut,
    /// Its undoing is asked.
    Undoing(Pending),
    /// Its undoing was refused, and is about to be asked under another id.
    UndoAgain {
        /// When.
        again: Timer,
        /// How often it was tried.
        attempts: u32,
    },
    /// It was undone.
    Undone,
    /// A person has decided to go on without it, or without undoing it.
    Skipped,
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// What is to be done with it.
    pub what: WorkKind,
    /// The question.
    pub question: Question,
    /// How often it has been tried.
    pub attempts: u32,
    /// When it is tried again; at once, if nothing is said.
    pub again: Option<Timer>,
    /// Which saga holds what is asked for, as far as is known.
    pub held_by: Option<Holder>,
    /// How often it was found held.
    pub waits: u32,
}

impl Pending {
    pub(crate) const fn new(what: WorkKind, question: Question) -> Self {
        Self { what, question, attempts: 0, again: None, held_by: None, waits: 0 }
    }

    /// Whether it is to be tried now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.again.is_none_or(|again| again.due <= now)
    }
}

impl Standing {
    /// The question that waits for its answer.
    pub const fn pending(&self) -> Option<&Pending> {
        match self {
            Self::Asked { pending, .. } | Self::Settling(pending) | Self::Undoing(pending) => {
                Some(pending)
            }
            _ => None,
        }
    }

    pub(super) const fn pending_mut(&mut self) -> Option<&mut Pending> {
        match self {
            Self::Asked { pending, .. } | Self::Settling(pending) | Self::Undoing(pending) => {
                Some(pending)
            }
            _ => None,
        }
    }

    /// Its time limit, while it has one.
    pub const fn limit(&self) -> Option<Timer> {
        match self {
            Self::Asked { limit, .. } | Self::Waiting { limit } => *limit,
            _ => None,
        }
    }

    /// When a refused question is asked under another id.
    pub const fn another_round(&self) -> Option<(Timer, u32)> {
        match self {
            Self::Again { again, attempts } | Self::UndoAgain { again, attempts } => {
                Some((*again, *attempts))
            }
            _ => None,
        }
    }

    /// Whether something is still to come of it.
    pub const fn is_unfinished(&self) -> bool {
        self.pending().is_some()
            || matches!(self, Self::Again { .. } | Self::UndoAgain { .. } | Self::Waiting { .. })
    }

    /// Whether it waits for something to happen outside.
    pub const fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting { .. })
    }

    /// Whether a saga that goes forward may go on after it.
    pub const fn is_passed(&self) -> bool {
        matches!(self, Self::Done | Self::LeftOut | Self::Skipped)
    }

    /// What people call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Again { .. } => "refused, is asked again",
            Self::Waiting { .. } => "waiting",
            Self::Settling(_) => "being made void",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::LeftOut => "left out",
            Self::Undoing(_) => "being undone",
            Self::UndoAgain { .. } => "undoing refused, is asked again",
            Self::Undone => "undone",
            Self::Skipped => "skipped",
        }
    }
}
