//! Reading records: one by its address, or one after the other.
//!
//! Nothing is served that does not fit its checksum, and nothing that is not durable: a reading
//! is told where the log ends and stops there.

mod scan;

use std::sync::Arc;

use ondol_store::Outcome;

use crate::bug::Bugs;
use crate::disk::read_up_to;
use crate::error::RecordError;
use crate::format::{Address, Malformed, Record, RecordHeader};
use crate::segments::{Segment, Segments};

pub(crate) use scan::Scan;

/// A record is read with this many bytes at first; most are shorter.
const FIRST_READ: usize = 512;

/// Reads the records of one log.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) segments: Arc<Segments>,
    pub(crate) salt: u32,
    pub(crate) bugs: Bugs,
}

/// What was read last: the next record may lie in it.
#[derive(Debug, Default)]
pub(crate) struct Window {
    bytes: Vec<u8>,
    at: Address,
    filled: usize,
}

impl Window {
    /// The bytes from an address on, if they are here.
    fn from(&self, address: Address) -> &[u8] {
        let is_here = address.segment() == self.at.segment() && address >= self.at;
        let offset = (address.offset().wrapping_sub(self.at.offset())) as usize;
        if is_here && offset < self.filled { &self.bytes[offset..self.filled] } else { &[] }
    }

    /// Whether the record that begins at an address is here whole.
    fn has(&self, address: Address) -> bool {
        let bytes = self.from(address);
        bytes.len() >= 28
            && RecordHeader::peek(bytes).is_ok_and(|header| bytes.len() >= header.length as usize)
    }
}

impl Reader {
    pub(crate) fn new(segments: Arc<Segments>, bugs: Bugs) -> Self {
        let salt = segments.manifest.salt();
        Self { segments, salt, bugs }
    }

    pub(crate) fn corrupt(segment: &Segment, offset: u32, malformed: Malformed) -> RecordError {
        let (file, problem) = (segment.path.clone(), malformed.0);
        RecordError::Corrupt { file, offset: offset.into(), problem }
    }

    /// Checks a record's bytes, unless a bug forbids it.
    pub(crate) fn check<'b>(&self, bytes: &'b [u8]) -> Result<Record<'b>, Malformed> {
        read_record(bytes, self.salt, self.bugs)
    }

    fn segment(&self, number: u32) -> Result<Arc<Segment>, RecordError> {
        self.segments.get(number).ok_or_else(|| {
            let file = self.segments.folder.clone();
            RecordError::Corrupt { file, offset: 0, problem: "has no segment of this number" }
        })
    }

    /// The record at an address. `ahead` says how many bytes are worth reading.
    pub(crate) fn record<'b>(
        &self,
        address: Address,
        ahead: usize,
        window: &'b mut Window,
    ) -> Result<Record<'b>, RecordError> {
        if !window.has(address) {
            self.fill(address, ahead.max(FIRST_READ), window)?;
        }
        let found = self.check(window.from(address));
        found.map_err(|malformed| self.corrupt_at(address, malformed))
    }

    fn fill(&self, address: Address, ahead: usize, window: &mut Window) -> Result<(), RecordError> {
        let segment = self.segment(address.segment())?;
        let file = self.segments.file(&segment)?;
        if window.bytes.len() < ahead {
            window.bytes.resize(ahead, 0);
        }
        window.at = address;
        window.filled = 0;
        let offset = u64::from(address.offset());
        window.filled = read_up_to(file.as_ref(), &mut window.bytes[..ahead], offset)?;
        let header = RecordHeader::peek(&window.bytes[..window.filled]);
        let length = header.map_err(|m| Self::corrupt(&segment, address.offset(), m))?.length;
        let rest = u64::from(segment.length).saturating_sub(offset);
        if length as usize > window.filled && u64::from(length) <= rest {
            window.bytes.resize(window.bytes.len().max(length as usize), 0);
            let bytes = &mut window.bytes[..length as usize];
            window.filled = read_up_to(file.as_ref(), bytes, offset)?;
        }
        Ok(())
    }

    /// What came of the command whose effect is the record at an address.
    pub(crate) fn outcome(record: &Record<'_>) -> Result<Outcome, Malformed> {
        let first = record.event(record.header.first)?;
        Ok(Outcome::of(&first, record.header.events.into()))
    }

    /// Says that what is at an address is not what was written.
    pub(crate) fn corrupt_at(&self, address: Address, malformed: Malformed) -> RecordError {
        match self.segment(address.segment()) {
            Ok(segment) => Self::corrupt(&segment, address.offset(), malformed),
            Err(error) => error,
        }
    }
}

/// The record at the beginning of these bytes, once it is checked.
pub(crate) fn read_record(bytes: &[u8], salt: u32, bugs: Bugs) -> Result<Record<'_>, Malformed> {
    let is_checked = !bugs.ignores_checksums();
    Record::read(bytes, salt, is_checked)
}
