//! What each error is called where people look it up: every code has a page in docs/errors.

use crate::{AppendError, InvalidAppend, ReadError, ReplicateError, SnapshotError};

impl InvalidAppend {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nothing { .. } => "log-append-empty",
            Self::StreamTwice { .. } => "log-append-stream-twice",
            Self::InternalStream { .. } => "log-append-internal-stream",
            Self::InternalType { .. } => "log-append-internal-type",
            Self::TooMany { .. } => "log-append-over-limit",
            Self::ForeignCommand { .. } => "log-append-foreign-command",
            Self::ConditionWithoutTag => "log-condition-without-tag",
            Self::ConditionAhead { .. } => "log-condition-ahead",
        }
    }
}

impl AppendError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(invalid) => invalid.code(),
            Self::Conflict { .. } => "log-version-conflict",
            Self::ConditionBroken { .. } => "log-condition-broken",
            Self::Full(_) => "log-full",
            Self::Busy { .. } => "log-busy",
            Self::Stopped(_) => "log-stopped",
            Self::Unavailable(_) => "log-unavailable",
            Self::Unknown(_) => "log-outcome-unknown",
        }
    }
}

impl ReadError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AheadOfLog { .. } => "log-reader-ahead",
            Self::Corrupt { .. } => "log-corrupt",
            Self::Stopped(_) => "log-stopped",
            Self::Unavailable(_) => "log-unavailable",
        }
    }
}

impl SnapshotError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "log-snapshot-over-limit",
            Self::Unavailable(_) => "log-snapshot-unavailable",
        }
    }
}

impl ReplicateError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutOfOrder { .. } => "log-copy-out-of-order",
            Self::VersionOutOfOrder { .. } => "log-copy-version-out-of-order",
            Self::CommandInPieces { .. } => "log-copy-command-in-pieces",
            Self::TooMuch { .. } => "log-copy-over-limit",
            Self::Append(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests;
