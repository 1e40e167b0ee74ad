//! The audit log: who did what, from where, and what came of it; in a chain of hashes.
//!
//! One file of records, each with the hash of itself and of all before it. One writer at a time
//! holds the file; what many tell it at once is written together and synced once, and nobody is
//! told that his record holds before it does. Every so many records, and at the end, the length
//! and the head of the chain are written to a file elsewhere: an anchor. The hash is over what is
//! written, so what is sealed in a record stays sealed when the log is verified.

mod anchor;
mod record;
mod verify;
mod writer;

use std::io;
use std::path::PathBuf;

pub use anchor::Anchor;
pub use record::{AuditRecord, Outcome, PAYLOAD_BYTES_MAX, masked_address};
pub use verify::{Fault, Verified, VerifyAuditError, verify_audit};
pub use writer::AuditLog;

/// Where an audit log is, and how it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOptions {
    /// The file of records.
    pub file: PathBuf,
    /// The file of anchors: elsewhere, best where whoever writes records cannot rewrite it.
    pub anchors: PathBuf,
    /// After how many records an anchor is written.
    pub anchor_every: u64,
    /// How many records may wait to be written.
    pub waiting_max: usize,
}

impl AuditOptions {
    /// A log in this file with its anchors in that one.
    pub fn new(file: impl Into<PathBuf>, anchors: impl Into<PathBuf>) -> Self {
        let (file, anchors) = (file.into(), anchors.into());
        Self { file, anchors, anchor_every: 1_000, waiting_max: 4_096 }
    }
}

/// Why a record cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A file cannot be read or written.
    #[error("{what} cannot be read or written")]
    File {
        /// Which.
        what: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another process writes this log.
    #[error("the audit log {file:?} is held by another process")]
    Held {
        /// Which log.
        file: PathBuf,
    },
    /// What is there is not what was written: nothing is added to it.
    #[error("the audit log is not what was written")]
    Broken(#[source] VerifyAuditError),
    /// The record is longer than records are.
    #[error("a record has at most {PAYLOAD_BYTES_MAX} bytes, found {found}")]
    TooLong {
        /// How many it has.
        found: usize,
    },
    /// More waits than may.
    #[error("more records wait to be written than may")]
    Busy,
    /// The log has stopped: a write has failed, and what follows would not hold.
    #[error("the audit log has stopped")]
    Stopped,
}

impl AuditError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "audit-file",
            Self::Held { .. } => "audit-held",
            Self::Broken(_) => "audit-broken",
            Self::TooLong { .. } => "audit-record-too-long",
            Self::Busy => "audit-busy",
            Self::Stopped => "audit-stopped",
        }
    }
}
