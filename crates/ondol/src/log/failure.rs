//! Why something with a log could not be done, each with a page in docs/errors.

use std::io;

use ondol_kernel::{CloudEventError, Position, StreamIdError};
use ondol_store::{ReadError, ReplicateError};

use super::{LogAddress, OpenFailure};

/// Why something with a log could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogFailure {
    /// The log could not be opened.
    #[error("the log {address} cannot be opened")]
    Open {
        /// Which log.
        address: LogAddress,
        /// What its engine says.
        #[source]
        source: OpenFailure,
    },
    /// The log could not be read.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    /// Recorded events were not taken over.
    #[error("the events after position {after} cannot be taken over")]
    Replicate {
        /// Up to where the target has them.
        after: Position,
        /// What the target says.
        #[source]
        source: ReplicateError,
    },
    /// The name of a stream breaks a rule.
    #[error("the name of the stream cannot be used")]
    Stream(#[from] StreamIdError),
    /// The target of a copy is not the beginning of its source.
    #[error("the target holds another event at position {at} than the source: it is no copy of it")]
    Diverged {
        /// Where the two differ.
        at: Position,
    },
    /// The target of a copy has more events than its source.
    #[error("the target ends at position {target}, beyond its source, which ends at {origin}")]
    TargetAhead {
        /// Where the target ends.
        target: Position,
        /// Where the source ends.
        origin: Position,
    },
    /// A log was to be copied onto itself.
    #[error("the source and the target are the same log: {address}")]
    OntoItself {
        /// Which log.
        address: LogAddress,
    },
    /// A line of an import is no event.
    #[error("line {line} is not an event of a log")]
    Line {
        /// Which one, counted from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        source: LineProblem,
    },
    /// The log was checked and is not what was written.
    #[error("the log is damaged: {findings} places are not what was written")]
    Damaged {
        /// How many places.
        findings: usize,
    },
    /// A log was to be cut at a place where nothing is wrong with it.
    #[error("the log is not damaged at {place}")]
    NotDamagedThere {
        /// Where it was to be cut.
        place: String,
    },
    /// This engine has no repair.
    #[error("a log in {engine} is not mended by cutting it: restore it from a backup")]
    NotMended {
        /// Which engine.
        engine: &'static str,
    },
    /// The repair did not come about.
    #[error("the log {address} cannot be mended")]
    Repair {
        /// Which log.
        address: LogAddress,
        /// Why not.
        #[source]
        source: OpenFailure,
    },
    /// What was to be said could not be written.
    #[error("the answer cannot be written")]
    Output(#[source] io::Error),
    /// What was to be imported could not be read.
    #[error("the input cannot be read")]
    Input(#[source] io::Error),
}

/// What is wrong with a line of an import.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is too long.
    #[error("a line may have at most {most} bytes")]
    TooLong {
        /// How long it may be.
        most: u64,
    },
    /// It is no JSON, or no CloudEvent.
    #[error("it is not a CloudEvent in JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is a CloudEvent, but no event of a log.
    #[error("it is not an event of the house")]
    NotOurs(#[source] CloudEventError),
}

impl LogFailure {
    /// The page in docs/errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { source, .. } | Self::Repair { source, .. } => source.code,
            Self::Read(error) => error.code(),
            Self::Replicate { source, .. } => source.code(),
            Self::Stream(error) => error.code(),
            Self::Diverged { .. } => "log-copy-diverged",
            Self::TargetAhead { .. } => "log-copy-target-ahead",
            Self::OntoItself { .. } => "log-copy-onto-itself",
            Self::Line { source: LineProblem::NotOurs(error), .. } => error.code(),
            Self::Line { .. } => "log-import-line",
            Self::Damaged { .. } => "log-damaged",
            Self::NotDamagedThere { .. } => "log-not-damaged-there",
            Self::NotMended { .. } => "log-not-mended",
            Self::Output(_) => "log-output-failed",
            Self::Input(_) => "log-input-failed",
        }
    }

    /// Whether whoever reads the answer has seen enough and closed the pipe.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
