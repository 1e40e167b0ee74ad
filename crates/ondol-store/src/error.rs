//! Why an append, a reading or a snapshot did not come about: one type an operation.

use ondol_kernel::{Position, StreamId, Version};

use crate::{Expected, InvalidAppend, LogEpoch};

/// What an engine found when the world failed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why an append was not made. Unless it says otherwise, nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The append breaks a rule, whatever the log holds.
    #[error("the append breaks a rule of the log")]
    Invalid(#[from] InvalidAppend),
    /// A stream does not stand as expected.
    #[error("the stream {stream} was expected {expected}, found at version {found}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// How it was expected to stand.
        expected: Expected,
        /// The version of its last event.
        found: Version,
    },
    /// What must not have happened has happened.
    #[error("an event that must not have happened was found at position {at}")]
    ConditionBroken {
        /// Where.
        at: Position,
    },
    /// There is no room. Reading goes on; appends are taken again once there is room.
    #[error("there is no room for the append")]
    Full(#[source] BoxError),
    /// More appends are waiting than the store holds ready for; try again.
    #[error("{most} appends are waiting already")]
    Busy {
        /// How many may wait.
        most: usize,
    },
    /// The log has stopped after a failure and takes nothing until it is opened again. Whether
    /// the append was kept is known then: ask for the command's outcome.
    #[error("the log has stopped and takes nothing until it is opened again")]
    Stopped(#[source] BoxError),
    /// The store could not be reached, and nothing was written; try again.
    #[error("the store cannot be reached")]
    Unavailable(#[source] BoxError),
    /// The connection was lost during the commit of an append without a command id: whether it
    /// was written is not known.
    #[error("whether the append was written is not known")]
    Unknown(#[source] BoxError),
}

/// Why a reading did not come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader has seen more than there is: the log has been restored from an older copy.
    #[error("the reader has seen position {asked}, found the log {epoch} to end at {head}")]
    AheadOfLog {
        /// What the reader has seen.
        asked: Position,
        /// Where the log ends.
        head: Position,
        /// Which log it is.
        epoch: LogEpoch,
    },
    /// What is stored is not what was written. It is never served.
    #[error("what is stored near position {near} is not what was written")]
    Corrupt {
        /// About where.
        near: Position,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// The log has stopped or is being closed.
    #[error("the log has stopped")]
    Stopped(#[source] BoxError),
    /// The store could not be reached; try again.
    #[error("the store cannot be reached")]
    Unavailable(#[source] BoxError),
}

/// Why a snapshot was not saved or loaded. It is never a reason to stop: the log has it all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The snapshot is too large.
    #[error("a snapshot may have at most {most} bytes, found {found}")]
    TooLarge {
        /// How large it may be.
        most: usize,
        /// How large it is.
        found: usize,
    },
    /// The store could not be reached or is full.
    #[error("the place for snapshots cannot be reached")]
    Unavailable(#[source] BoxError),
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("to stand anyhow"),
            Self::NoStream => f.write_str("not to exist"),
            Self::Exists => f.write_str("to exist"),
            Self::Exactly(version) => write!(f, "at version {version}"),
        }
    }
}

impl Expected {
    /// Whether a stream whose last event has this version stands as expected.
    pub fn is_met_by(self, found: Version) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => found == Version::EMPTY,
            Self::Exists => found > Version::EMPTY,
            Self::Exactly(version) => found == version,
        }
    }
}
