//! What came of a command, as the log remembers it.

use ondol_kernel::{CommandId, Envelope, Payload, Position, StreamId};

/// The type of the event that records a refusal.
pub(crate) const REFUSED: &str = "$refused";
/// The type of the event that records that a command changed nothing.
pub(crate) const NOTHING: &str = "$nothing";
/// The type of the event that makes a command void.
pub(crate) const VOIDED: &str = "$voided";

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was accepted, and these are its events: the first one's position and the last one's.
    Accepted {
        /// The position of its first event.
        first: Position,
        /// The position of its last event.
        last: Position,
    },
    /// It was accepted and changed nothing.
    Nothing {
        /// The position of the record.
        at: Position,
    },
    /// It was refused.
    Refused(Refusal),
    /// It was made void before it took effect: it never will.
    Voided {
        /// The position of the record.
        at: Position,
    },
}

/// A refusal, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The position of the record.
    pub at: Position,
    /// Why, as whoever refused has put it.
    pub reason: Payload,
}

impl Outcome {
    /// The outcome that a command's first event records, `count` events having been written.
    pub fn of(first: &Envelope, count: u64) -> Self {
        let at = first.position;
        match first.event_type.as_str() {
            REFUSED => Self::Refused(Refusal { at, reason: first.data.clone() }),
            NOTHING => Self::Nothing { at },
            VOIDED => Self::Voided { at },
            _ => Self::Accepted { first: at, last: at.plus(count.saturating_sub(1)) },
        }
    }

    /// The position of the last event that the command left in the log: who has seen it has
    /// seen everything the command did.
    pub fn last(&self) -> Position {
        match self {
            Self::Accepted { last, .. } => *last,
            Self::Nothing { at } | Self::Voided { at } => *at,
            Self::Refused(refusal) => refusal.at,
        }
    }
}

/// The stream that keeps what came of a command when that was no event of a service.
pub fn command_stream(command: CommandId) -> StreamId {
    StreamId::new("$command", command).expect("the kind and the id keep the rules of a name")
}

/// Whether events of this type record an outcome.
pub(crate) fn is_outcome_type(event_type: &str) -> bool {
    [REFUSED, NOTHING, VOIDED].contains(&event_type)
}
