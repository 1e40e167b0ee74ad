//! What could not be folded, and what waits behind it.
//!
//! A poison event parks its own key: later events of that key wait in order, other keys flow.
//! An event that cannot even be read has no key, so it parks its stream. What waits is kept by
//! position, for the log has the events; past a limit only "and all that follow" is kept, so
//! that a parked key takes bounded room however long nobody looks at it.

use std::fmt;
use std::str::FromStr;

use ondol_kernel::{Position, StreamId, StreamIdError, Timestamp};

use crate::{DocumentKey, NameError, SourceName};

/// The longest reason that is kept, in bytes.
pub const REASON_BYTES_MAX: usize = 1_024;

/// What is parked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A document: an event could be read but not folded in.
    Key(DocumentKey),
    /// A stream: an event could not be read, so nobody knows its keys.
    Stream(StreamId),
}

/// A parked key or stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// What is parked.
    pub unit: Unit,
    /// The log of the event that is in the way.
    pub source: SourceName,
    /// Where it stands there.
    pub position: Position,
    /// What went wrong, at the last try.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was parked.
    pub since: Timestamp,
    /// How many events wait behind it by position.
    pub waiting: u64,
    /// Whether more wait than are kept by position.
    pub is_open: bool,
}

/// An event that waits behind a parked one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which log.
    pub source: SourceName,
    /// Where in it.
    pub position: Position,
    /// Whether all that follow in this log wait as well, up to the checkpoint.
    pub and_all_after: bool,
}

/// What a write does to what is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parking {
    /// Parks, or says anew why it is parked; what waits stays.
    Park(Parked),
    /// One more waits, after all others.
    Wait {
        /// Behind what.
        unit: Unit,
        /// Which event.
        waiting: Waiting,
    },
    /// The first so many of what waits have been dealt with.
    Dealt {
        /// Behind what.
        unit: Unit,
        /// How many.
        count: u64,
    },
    /// It is parked no longer, and nothing waits.
    Release(Unit),
}

/// Why a text does not name what is parked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// The key breaks a rule.
    #[error(transparent)]
    Key(#[from] NameError),
    /// The stream breaks a rule.
    #[error(transparent)]
    Stream(#[from] StreamIdError),
    /// It is neither.
    #[error("what is parked is named key/… or stream/…, found {found:?}")]
    Neither {
        /// What was found.
        found: String,
    },
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "key/{key}"),
            Self::Stream(stream) => write!(f, "stream/{stream}"),
        }
    }
}

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        match text.split_once('/') {
            Some(("key", key)) => Ok(Self::Key(DocumentKey::new(key)?)),
            Some(("stream", stream)) => Ok(Self::Stream(stream.parse()?)),
            _ => Err(UnitError::Neither { found: text.chars().take(64).collect() }),
        }
    }
}

/// The beginning of a reason, as much as is kept of it, in characters that every store can keep.
pub fn shortened(reason: &str) -> String {
    let mut reason = reason.replace('\0', "\u{fffd}");
    let end = (0..=REASON_BYTES_MAX.min(reason.len()))
        .rev()
        .find(|end| reason.is_char_boundary(*end))
        .unwrap_or(0);
    reason.truncate(end);
    reason
}
