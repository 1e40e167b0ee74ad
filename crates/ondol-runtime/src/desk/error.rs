//! Why a desk could not be opened, a thing not loaded, a command not answered.

use ondol_domain::{DecodeError, EncodeError, Holder, Impossible, Problems, ShapeProblem};
use ondol_kernel::{Position, StreamId, StreamIdError, Version};
use ondol_store::{AppendError, ReadError};
use ondol_views::RefusalError;

use super::DeskOptionsProblem;

/// Why a desk cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenDeskError {
    /// Options are wrong.
    #[error(transparent)]
    Options(#[from] Problems<DeskOptionsProblem>),
    /// The shapes of the events do not hold together.
    #[error(transparent)]
    Shapes(#[from] Problems<ShapeProblem>),
}

/// Why it cannot be said how a thing stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The key cannot name a thing.
    #[error("the key cannot name a thing")]
    Key(#[from] StreamIdError),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    /// An event cannot be read as what it says it is.
    #[error("event {version} of {stream} cannot be read")]
    Unreadable {
        /// The thing's stream.
        stream: StreamId,
        /// Which event.
        version: Version,
        /// Why not.
        #[source]
        source: DecodeError,
    },
    /// An event cannot have happened: this thing is not touched until a person has looked.
    #[error("event {version} of {stream} cannot have happened")]
    Impossible {
        /// The thing's stream.
        stream: StreamId,
        /// Which event.
        version: Version,
        /// Why not.
        #[source]
        source: Box<Impossible>,
    },
}

/// Why a command got no answer. Asked again under the same id, it takes effect once at most.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// The key cannot name a thing.
    #[error("the key cannot name a thing")]
    Key(#[from] StreamIdError),
    /// It cannot be said how the thing stands.
    #[error("it cannot be said how the thing stands")]
    Load(#[source] LoadError),
    /// The thing has moved on since it was looked at.
    #[error("{stream} was expected at version {expected}, found at version {found}")]
    MovedOn {
        /// The thing's stream.
        stream: StreamId,
        /// The version that whoever asked has seen.
        expected: Version,
        /// The version it has.
        found: Version,
    },
    /// Others kept writing in between.
    #[error("{stream} was written by others {attempts} times in a row")]
    Contended {
        /// The thing's stream.
        stream: StreamId,
        /// How often it was tried.
        attempts: u32,
    },
    /// A saga holds the thing, and has not let go in time. The command has taken no effect.
    #[error("{stream} is held by the saga {by}")]
    Held {
        /// The thing's stream.
        stream: StreamId,
        /// Who holds it.
        by: Holder,
    },
    /// What must not have happened has happened.
    #[error("an event that must not have happened was found at position {at}")]
    ConditionBroken {
        /// Where.
        at: Position,
    },
    /// The command's id belongs to another request: for something else, or saying something else.
    #[error("the command for {asked} has an id that was used by another request for {took_effect}")]
    IdTaken {
        /// What it was to take effect on.
        asked: StreamId,
        /// What it took effect on.
        took_effect: StreamId,
    },
    /// An event cannot be recorded.
    #[error("an event cannot be recorded")]
    Encode(#[from] EncodeError),
    /// An event wants a timer that cannot be.
    #[error("an event wants a timer that cannot be")]
    TimerWrong(#[source] ondol_timers::BoxError),
    /// A timer cannot be named.
    #[error("a timer cannot be named")]
    TimerName(#[source] ondol_kernel::NameError),
    /// The refusal cannot be written as JSON.
    #[error("the refusal cannot be written")]
    RefusalUnwritable(#[source] serde_json::Error),
    /// The refusal that was recorded is of another shape.
    #[error("the refusal that was recorded cannot be read")]
    RefusalUnreadable(#[source] serde_json::Error),
    /// What was answered cannot be kept or looked up, so no answer is given.
    #[error("the book of refusals cannot be used")]
    Refusals(#[from] RefusalError),
    /// The log did not take it.
    #[error("the log did not take what follows from the command")]
    Append(#[source] AppendError),
}

impl From<AppendError> for HandleError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::ConditionBroken { at } => Self::ConditionBroken { at },
            error => Self::Append(error),
        }
    }
}

impl From<ReadError> for HandleError {
    fn from(error: ReadError) -> Self {
        Self::Load(error.into())
    }
}

impl From<LoadError> for HandleError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Key(error) => Self::Key(error),
            error => Self::Load(error),
        }
    }
}

impl HandleError {
    /// The code of what is wrong on our side, or in the world; nothing where whoever asked has to
    /// ask otherwise.
    pub(super) const fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Key(_)
            | Self::Load(LoadError::Key(_))
            | Self::MovedOn { .. }
            | Self::Held { .. }
            | Self::ConditionBroken { .. }
            | Self::IdTaken { .. } => None,
            Self::Contended { .. } => Some("contended"),
            Self::Append(AppendError::Busy { .. }) => Some("busy"),
            Self::Append(_) | Self::Load(LoadError::Read(_)) | Self::Refusals(_) => {
                Some("unavailable")
            }
            _ => Some("internal"),
        }
    }
}
