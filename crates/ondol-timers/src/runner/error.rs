//! Why timers do not fire.

use crate::{KeepError, ReadError, WriteError};

/// Why timers do not fire.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The book cannot be kept up.
    #[error("the book of timers cannot be kept up")]
    Keep(#[from] KeepError),
    /// The timers cannot be read.
    #[error("the timers cannot be read")]
    Read(#[from] ReadError),
    /// What has fired cannot be settled.
    #[error("the timers that have fired cannot be settled")]
    Settle(#[from] WriteError),
    /// The log has stopped.
    #[error("the log that the timers follow from has stopped")]
    Stopped,
}
