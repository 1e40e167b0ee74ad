//! The door through which the verbs come to a log, whatever its engine is.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_kernel::Position;
use ondol_store::{BoxError, LogEpoch, Replica};
use serde::Serialize;

use super::{LogAddress, LogFailure};

/// Opens logs, and does with them what each engine does its own way.
#[async_trait]
pub trait Logs: Debug + Send + Sync {
    /// Opens a log.
    async fn open(
        &self,
        address: &LogAddress,
        purpose: Purpose,
    ) -> Result<Arc<dyn Replica>, OpenFailure>;

    /// Reads all of a log that nobody else has open and checks it.
    async fn verify(&self, address: &LogAddress) -> Result<Verified, LogFailure>;

    /// Cuts a log that nobody else has open, from a position on.
    async fn repair(&self, address: &LogAddress, cut_at: Position) -> Result<Mended, LogFailure>;
}

/// What a log is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To look at it: a log that does not exist is not made.
    Reading,
    /// To write to it: it is made if it does not exist.
    Writing,
}

/// Why a log could not be opened, as its engine says it.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct OpenFailure {
    /// The page in docs/errors.
    pub code: &'static str,
    /// What the engine says.
    pub source: BoxError,
}

/// What came of checking a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many events are as they were written.
    pub events: u64,
    /// The position of the last one of these.
    pub last: Position,
    /// What is not.
    pub findings: Vec<Finding>,
}

/// A place of a log that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where: a file and an offset, or a position.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
    /// What `repair --cut-at` takes to cut right before it.
    pub cut_at: Option<Position>,
}

/// What is left of a log that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mended {
    /// Where it ends now.
    pub head: Position,
    /// Its new life: readers who have seen what was cut off have to notice.
    pub epoch: LogEpoch,
}
