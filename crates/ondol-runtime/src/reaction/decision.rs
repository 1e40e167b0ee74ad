//! What people have decided about events that were in the way. It is kept for good, and is what an
//! audit reads.

use ondol_domain::json::value::RawValue;
use ondol_kernel::{Actor, Position, Timestamp};
use serde::{Deserialize, Serialize};

/// How many decisions about one event are kept; the oldest go first.
pub(super) const DECISIONS_MAX: usize = 100;

/// What somebody has decided about an event that was in the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decision {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Decided,
    /// Why the event was in the way.
    pub reason: String,
}

/// What was decided about an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// To try it again.
    Retry,
    /// To leave it out, for good.
    Skip,
    /// To deal with it as if this were its data.
    Edit {
        /// The data that is put in its place.
        data: Box<RawValue>,
        /// The data that it had.
        was: Box<RawValue>,
    },
}

/// All decisions about one event.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Decisions {
    pub(super) position: Position,
    pub(super) decisions: Vec<Decision>,
}

impl Decisions {
    /// What holds now: the last decision that is more than to try again.
    pub(super) fn in_force(&self) -> Option<&Decided> {
        let all = self.decisions.iter().rev().map(|decision| &decision.what);
        all.into_iter().find(|what| !matches!(what, Decided::Retry))
    }

    pub(super) fn add(&mut self, decision: Decision) {
        if self.decisions.len() >= DECISIONS_MAX {
            self.decisions.remove(0);
        }
        self.decisions.push(decision);
    }
}
