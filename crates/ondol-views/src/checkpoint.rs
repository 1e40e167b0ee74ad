//! How far a log has been folded in.

use std::fmt;

use ondol_kernel::Position;
use ondol_store::{Head, LogEpoch};
use serde::{Deserialize, Serialize};

use crate::SourceName;

/// Everything of a life of a log up to here has been folded in, passed over or parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Which life of the log.
    pub epoch: LogEpoch,
    /// The last position that has been dealt with.
    pub position: Position,
}

/// A checkpoint that moves, in the same commit as the documents it speaks of.
///
/// `from` is what the writer has built upon. A store refuses the write when it finds another:
/// two writers of one view, or a commit whose outcome got lost, can thus never fold an event
/// in twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Which log.
    pub source: SourceName,
    /// Where the checkpoint must stand; nothing, if the log has never been read for this view.
    pub from: Option<Checkpoint>,
    /// Where it stands afterwards.
    pub to: Checkpoint,
}

/// A checkpoint and the log it was made over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCheckpoint {
    /// Which log.
    pub source: SourceName,
    /// How far it has been dealt with.
    pub checkpoint: Checkpoint,
}

/// What is wrong between a checkpoint and the log it was made over: the log is not the one that
/// was folded, so going on would make documents of two histories.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// The log is in another life than when it was folded.
    #[error("the view has folded the log {folded} of {log}, found the log {found}")]
    OtherLog {
        /// The log's name.
        log: SourceName,
        /// The life that was folded.
        folded: LogEpoch,
        /// The life that was found.
        found: LogEpoch,
    },
    /// The log ends before what was folded.
    #[error("the view has folded {log} up to {folded}, found it to end at {found}")]
    Ahead {
        /// The log's name.
        log: SourceName,
        /// Up to where it was folded.
        folded: Position,
        /// Where it ends.
        found: Position,
    },
}

impl CheckpointFault {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherLog { .. } => "view-of-another-log",
            Self::Ahead { .. } => "view-ahead-of-log",
        }
    }
}

impl Checkpoint {
    /// Checks that a log still is what was folded.
    ///
    /// # Errors
    /// When it is in another life, or ends before the checkpoint.
    pub fn check(self, source: &SourceName, head: Head) -> Result<(), CheckpointFault> {
        let log = source.clone();
        if self.epoch != head.epoch {
            let (folded, found) = (self.epoch, head.epoch);
            return Err(CheckpointFault::OtherLog { log, folded, found });
        }
        if self.position > head.position {
            let (folded, found) = (self.position, head.position);
            return Err(CheckpointFault::Ahead { log, folded, found });
        }
        Ok(())
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the log {}", self.position, self.epoch)
    }
}

/// The checkpoint of one log among several, if it has one.
pub fn checkpoint_of(all: &[SourceCheckpoint], source: &SourceName) -> Option<Checkpoint> {
    all.iter().find(|one| one.source == *source).map(|one| one.checkpoint)
}
