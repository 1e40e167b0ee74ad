//! Verifying: the chain is followed from its first record, and held against the anchors.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::anchor::Anchor;
use super::record::{GENESIS, HASH_BYTES, Head, LENGTH_BYTES, PAYLOAD_BYTES_MAX, follow};

/// What verifying has found: all is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// The head of the chain.
    pub head: [u8; HASH_BYTES],
    /// How many bytes they take.
    pub bytes: u64,
    /// How many anchors were held against it.
    pub anchors: usize,
    /// How many bytes stand after the last whole record: one that a crash cut off.
    pub torn_bytes: u64,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The record, or its place among the others, is not what was written.
    Changed,
    /// The length of the record is none.
    Length,
    /// The chain is shorter than an anchor says it was: its tail was cut.
    Cut {
        /// How long it was.
        was: u64,
    },
    /// The chain holds together, and is not the one that was anchored: it was written anew.
    Rewritten,
}

/// Why an audit log is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyAuditError {
    /// It cannot be read.
    #[error("the audit log or its anchors cannot be read")]
    File(#[source] io::Error),
    /// It is not what was written.
    #[error("record {record} of the audit log is the first that is wrong: {fault:?}")]
    Wrong {
        /// The first record that is wrong, counted from 1.
        record: u64,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl VerifyAuditError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "audit-file",
            Self::Wrong { .. } => "audit-wrong",
        }
    }
}

/// Follows a chain and holds it against its anchors.
///
/// # Errors
/// With the first record that is wrong.
pub fn verify_audit(file: &Path, anchors: &Path) -> Result<Verified, VerifyAuditError> {
    let anchors = Anchor::read(anchors).map_err(VerifyAuditError::File)?;
    let opened = File::open(file).map_err(VerifyAuditError::File)?;
    let length = opened.metadata().map_err(VerifyAuditError::File)?.len();
    let reader = BufReader::with_capacity(1 << 20, opened);
    follow_all(reader, length, &anchors)
}

pub(super) fn follow_all(
    mut reader: impl Read,
    length: u64,
    anchors: &[Anchor],
) -> Result<Verified, VerifyAuditError> {
    let wrong = |record, fault| VerifyAuditError::Wrong { record, fault };
    let (mut records, mut bytes, mut head) = (0_u64, 0_u64, GENESIS);
    let mut next_anchor = 0;
    let mut payload = Vec::with_capacity(PAYLOAD_BYTES_MAX);
    while let Some(stored) = record(&mut reader, &mut payload, length - bytes)
        .map_err(VerifyAuditError::File)?
        .whole_at(records + 1)?
    {
        records += 1;
        head = follow(&head, records, &payload);
        if head != stored {
            return Err(wrong(records, Fault::Changed));
        }
        let size = LENGTH_BYTES + payload.len() + HASH_BYTES;
        bytes += u64::try_from(size).unwrap_or(u64::MAX);
        while let Some(anchor) = anchors.get(next_anchor).filter(|a| a.length == records) {
            if anchor.head != Anchor::at(records, &head, anchor.time).head {
                return Err(wrong(first_after(anchors, next_anchor), Fault::Rewritten));
            }
            next_anchor += 1;
        }
    }
    match anchors.get(next_anchor) {
        Some(anchor) => Err(wrong(records + 1, Fault::Cut { was: anchor.length })),
        None => {
            let (anchors, torn_bytes) = (anchors.len(), length - bytes);
            Ok(Verified { records, head, bytes, anchors, torn_bytes })
        }
    }
}

/// What was written anew lies after the last anchor that still holds.
fn first_after(anchors: &[Anchor], broken: usize) -> u64 {
    broken.checked_sub(1).and_then(|before| anchors.get(before)).map_or(1, |a| a.length + 1)
}

/// What stands where a record should.
enum Found {
    Whole(Head),
    Torn,
    NoLength,
}

impl Found {
    fn whole_at(self, record: u64) -> Result<Option<Head>, VerifyAuditError> {
        match self {
            Self::Whole(head) => Ok(Some(head)),
            Self::Torn => Ok(None),
            Self::NoLength => Err(VerifyAuditError::Wrong { record, fault: Fault::Length }),
        }
    }
}

fn record(reader: &mut impl Read, payload: &mut Vec<u8>, left: u64) -> io::Result<Found> {
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    if left < LENGTH_BYTES {
        return Ok(Found::Torn);
    }
    let mut length = [0; LENGTH_BYTES];
    reader.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length == 0 || length > PAYLOAD_BYTES_MAX {
        return Ok(Found::NoLength);
    }
    if left < LENGTH_BYTES + length + HASH_BYTES {
        return Ok(Found::Torn);
    }
    payload.resize(length, 0);
    reader.read_exact(payload)?;
    let mut head = GENESIS;
    reader.read_exact(&mut head)?;
    Ok(Found::Whole(head))
}
