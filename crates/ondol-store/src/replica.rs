//! Carrying a log from one place to another, event by event, so that the copy is exact.
//!
//! A copy keeps every position, version, id and outcome, the house's own records as well. It
//! does not keep the epoch: both logs can be written to from now on, so the copy is another
//! life. What came of a command is not carried beside the events but follows from them: the
//! events of a command, and only they, name it in their metadata, stand side by side, and the
//! first of them says what came of it ([`Outcome::of`](crate::Outcome::of)).

use std::collections::HashSet;

use async_trait::async_trait;
use ondol_kernel::{CommandId, Envelope, Position, StreamId, Version};

use crate::{AppendError, EventStore, Limits};

/// A log that takes events as another log has recorded them.
#[async_trait]
pub trait Replica: EventStore {
    /// Records events exactly as they are, durably, whole or not at all; answers where the log
    /// ends then.
    ///
    /// The first event follows the last one of the log, each further one the one before it, and
    /// each has the next version of its stream. The events of one command come in one call: a
    /// command of which something has come already gets no more events. As many events and bytes
    /// are taken as a page may have, and a command's whole effect besides.
    async fn append_recorded(&self, events: Vec<Envelope>) -> Result<Position, ReplicateError>;
}

/// Why recorded events were not taken over. Unless the store says otherwise, nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicateError {
    /// An event does not follow the one before it.
    #[error("the next event was expected at position {expected}, found one of position {found}")]
    OutOfOrder {
        /// The position that comes next.
        expected: Position,
        /// The position that came.
        found: Position,
    },
    /// An event does not follow the one before it in its stream.
    #[error("the next event of {stream} was expected to be version {expected}, found {found}")]
    VersionOutOfOrder {
        /// The stream.
        stream: StreamId,
        /// The version that comes next.
        expected: Version,
        /// The version that came.
        found: Version,
    },
    /// The effect of a command comes in more than one piece.
    #[error("the events of the command {command} do not come in one piece")]
    CommandInPieces {
        /// The command.
        command: CommandId,
    },
    /// There is too much at a time.
    #[error("a batch of recorded events, {what}, may have at most {most}, found {found}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much there may be.
        most: usize,
        /// How much there is.
        found: usize,
    },
    /// The store did not write.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Checks everything about recorded events that can be said without looking at streams and
/// outcomes: how many they are, and that they follow `head` and each other. Engines call it.
///
/// # Errors
/// The first rule that is broken.
pub fn check_recorded(
    head: Position,
    events: &[Envelope],
    limits: &Limits,
) -> Result<(), ReplicateError> {
    let (events_max, bytes_max) = limits.recorded_max();
    within("in events", events.len(), events_max)?;
    within("in bytes", events.iter().map(|event| event.data.bytes.len()).sum(), bytes_max)?;
    let mut expected = head.next();
    let mut commands = HashSet::new();
    let mut current = None;
    for event in events {
        if event.position != expected {
            return Err(ReplicateError::OutOfOrder { expected, found: event.position });
        }
        let command = event.metadata.command;
        if let Some(begun) = command.filter(|_| command != current)
            && !commands.insert(begun)
        {
            return Err(ReplicateError::CommandInPieces { command: begun });
        }
        current = command;
        expected = expected.next();
    }
    Ok(())
}

fn within(what: &'static str, found: usize, most: usize) -> Result<(), ReplicateError> {
    if found > most { Err(ReplicateError::TooMuch { what, most, found }) } else { Ok(()) }
}
