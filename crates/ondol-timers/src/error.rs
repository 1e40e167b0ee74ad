//! Why a store of timers did not do what it was asked: one type an operation.

use std::fmt;

use crate::{BookName, Checkpoint};

/// What an engine found when the world failed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why timers could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// What is stored is not what was written.
    #[error("what is stored of the timers is not what was written")]
    Corrupt(#[source] BoxError),
    /// The store could not be reached; try again.
    #[error("the store of timers cannot be reached")]
    Unavailable(#[source] BoxError),
}

/// Why timers were not set or settled. Unless it says otherwise, nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Somebody else has written, or an earlier write was made after all: read the checkpoint
    /// and go on from there.
    #[error("{book} was expected to be kept up to {}, found {}", Shown(.expected), Shown(.found))]
    Conflict {
        /// Whose timers.
        book: BookName,
        /// Where the checkpoint was expected.
        expected: Option<Checkpoint>,
        /// Where it was found.
        found: Option<Checkpoint>,
    },
    /// More was to be written at once than is taken.
    #[error("one write of timers has at most {most} orders, found {found}")]
    TooMany {
        /// How many there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// There is no room. Reading goes on.
    #[error("there is no room for the timers")]
    Full(#[source] BoxError),
    /// The store could not be reached, and nothing was written; try again.
    #[error("the store of timers cannot be reached")]
    Unavailable(#[source] BoxError),
    /// The connection was lost during the commit: the checkpoint tells whether it was made.
    #[error("whether the timers were written is not known")]
    Unknown(#[source] BoxError),
    /// Another process does what only one may do; nothing was written.
    #[error("another process keeps the timers at present")]
    Overtaken(#[source] BoxError),
}

/// A checkpoint that may not be there, in words.
struct Shown<'a>(&'a Option<Checkpoint>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Checkpoint { epoch, position }) => write!(f, "{position} of {epoch}"),
            None => f.write_str("nothing at all"),
        }
    }
}

impl ReadError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Corrupt(_) => "timer-store-corrupt",
            Self::Unavailable(_) => "timer-store-unavailable",
        }
    }
}

impl WriteError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "timer-write-conflict",
            Self::TooMany { .. } => "timer-write-too-large",
            Self::Full(_) => "timer-store-full",
            Self::Unavailable(_) => "timer-store-unavailable",
            Self::Unknown(_) => "timer-write-unknown",
            Self::Overtaken(_) => "lease-lost",
        }
    }
}
