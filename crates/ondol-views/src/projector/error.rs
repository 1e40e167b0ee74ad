//! Why a view is not folded on.

use ondol_store::ReadError;

use crate::{
    CheckpointFault, DefineError, LoadError, ProjectorOptionsError, SourceName, ViewId, WriteError,
};

/// Why a projector could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectorError {
    /// The options cannot be used.
    #[error("the view cannot be projected as asked")]
    Options(#[from] ProjectorOptionsError),
    /// The view itself is wrongly declared.
    #[error("the view is wrongly declared: {problems}")]
    Shape {
        /// All that is wrong with it.
        problems: String,
    },
    /// No log was given, or two of one name.
    #[error("a view is folded from logs of different names, found {found:?}")]
    Sources {
        /// The names that were given.
        found: Vec<SourceName>,
    },
}

/// Why a view is not folded on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The log is not what was folded.
    #[error("the view does not belong to the log")]
    Checkpoint(#[from] CheckpointFault),
    /// A log could not be read.
    #[error("the log {log} could not be read")]
    Read {
        /// Which one.
        log: SourceName,
        /// Why not.
        #[source]
        source: ReadError,
    },
    /// Documents could not be read.
    #[error("the view's documents could not be read")]
    Load(#[from] LoadError),
    /// Documents could not be written.
    #[error("the view's documents could not be written")]
    Write(#[from] WriteError),
    /// The set of documents could not be made, swapped or dropped.
    #[error("the view could not be prepared")]
    Define(#[from] DefineError),
    /// So much is parked that not the events but the fold is to be mended.
    #[error("{view} has {most} keys parked already and parks no more")]
    TooManyParked {
        /// Which set of documents.
        view: ViewId,
        /// How many may be parked.
        most: usize,
    },
    /// A task has panicked outside of the fold.
    #[error("{task} has panicked: {reason}")]
    Panicked {
        /// Which one.
        task: &'static str,
        /// What it said.
        reason: String,
    },
    /// The log holds something else at a position than it did.
    #[error("{log} was expected to hold an event at {position}, found none")]
    Missing {
        /// Which log.
        log: SourceName,
        /// Where.
        position: ondol_kernel::Position,
    },
}

impl ProjectorError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Options(_) => "view-projector-options",
            Self::Shape { .. } => "view-shape",
            Self::Sources { .. } => "view-sources",
        }
    }
}

impl FollowError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Checkpoint(fault) => fault.code(),
            Self::Read { .. } | Self::Missing { .. } => "view-log-unreadable",
            Self::Load(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Define(error) => error.code(),
            Self::TooManyParked { .. } => "view-too-many-parked",
            Self::Panicked { .. } => "view-panicked",
        }
    }

    /// Whether going on later, from the checkpoint, may succeed.
    pub(super) fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Read { source, .. } => matches!(source, ReadError::Unavailable(_)),
            Self::Load(error) => matches!(error, LoadError::Unavailable(_)),
            Self::Write(error) => error.is_worth_retrying(),
            Self::Define(error) => {
                matches!(error, DefineError::Unavailable(_) | DefineError::Overtaken(_))
            }
            Self::Checkpoint(_)
            | Self::TooManyParked { .. }
            | Self::Panicked { .. }
            | Self::Missing { .. } => false,
        }
    }

    pub(super) fn panicked(task: &'static str, panic: &(dyn std::any::Any + Send)) -> Self {
        Self::Panicked { task, reason: super::panics::reason(panic) }
    }

    /// The error and all that brought it about, in one line.
    pub(super) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
