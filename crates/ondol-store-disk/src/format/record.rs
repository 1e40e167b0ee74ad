//! A record: one append.
//!
//! Whoever appends writes the body and its checksum; the writer of the log fills in the header,
//! which says where the events stand, when that is known. So nothing is copied and nothing is
//! summed twice.

mod body;
mod event;
mod names;

use ondol_kernel::{CommandId, Envelope, Position, Version};

pub(crate) use self::body::RecordDraft;
pub(crate) use self::event::EventBytes;
pub(crate) use self::names::Names;
use super::{Cursor, Malformed, checksum, get, put};

/// What a record begins with.
pub(crate) const RECORD_MARK: u8 = 0xa5;
/// How long a record's header is without its sections.
const HEADER: usize = 28;
/// How much of the header each section takes: the version of its first event.
pub(crate) const SECTION_HEADER: usize = 8;
const HAS_COMMAND: u8 = 1;

/// What an event has besides what every event has.
mod flag {
    pub(super) const SCHEMA: u8 = 1;
    pub(super) const CORRELATION: u8 = 2;
    pub(super) const CAUSATION: u8 = 4;
    pub(super) const ACTOR: u8 = 8;
    pub(super) const TRACE: u8 = 16;
    pub(super) const TENANT: u8 = 32;
    pub(super) const TAGS: u8 = 64;
    pub(super) const MEDIA_TYPE: u8 = 128;
}

/// How long a record's header is that has so many sections.
pub(crate) const fn record_header_length(sections: usize) -> usize {
    HEADER + sections * SECTION_HEADER
}

/// What a record says about itself before its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    /// Bytes of the whole record.
    pub(crate) length: u32,
    /// The checksum of the header, which covers that of the body.
    pub(crate) sum: u32,
    pub(crate) body_sum: u32,
    pub(crate) first: Position,
    pub(crate) events: u32,
    pub(crate) sections: u16,
    pub(crate) has_command: bool,
}

impl RecordHeader {
    /// The header at the beginning of these bytes, unchecked: how long the record is.
    pub(crate) fn peek(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.first() != Some(&RECORD_MARK) {
            return Err(Malformed("does not begin as a record does"));
        }
        let flags: [u8; 1] = get(bytes, 1)?;
        let header = Self {
            length: u32::from_le_bytes(get(bytes, 4)?),
            sum: u32::from_le_bytes(get(bytes, 8)?),
            body_sum: u32::from_le_bytes(get(bytes, 12)?),
            first: Position::new(u64::from_le_bytes(get(bytes, 16)?)),
            events: u32::from_le_bytes(get(bytes, 24)?),
            sections: u16::from_le_bytes(get(bytes, 2)?),
            has_command: flags[0] & HAS_COMMAND != 0,
        };
        if (header.length as usize) < record_header_length(usize::from(header.sections)) {
            return Err(Malformed("has a record shorter than its header"));
        }
        Ok(header)
    }

    fn header_length(&self) -> usize {
        record_header_length(usize::from(self.sections))
    }
}

/// What is summed of the header of a record with one section, nearly every one: in whole words, side
/// by side, a processor sums it several times as fast as in pieces where they lie.
#[repr(align(8))]
struct Summed([u8; 32]);

/// The checksum of a record's header, which leaves out the place where it is itself.
fn header_sum(header: &[u8], salt: u32) -> u32 {
    let (before, behind) = (&header[..8], &header[12..]);
    let mut summed = Summed([0; 32]);
    let (near, far) = behind.split_at(behind.len().min(summed.0.len() - before.len()));
    put(&mut summed.0, 0, before);
    put(&mut summed.0, before.len(), near);
    let sum = checksum(salt, &[&summed.0[..before.len() + near.len()]]);
    if far.is_empty() { sum } else { checksum(sum, &[far]) }
}

/// Fills in where a record stands: its place in the log, and the versions in its streams.
/// Answers the header's checksum.
pub(crate) fn place(
    record: &mut [u8],
    salt: u32,
    first: Position,
    versions: impl Iterator<Item = Version>,
) -> u32 {
    put(record, 16, &first.get().to_le_bytes());
    let mut at = HEADER;
    for version in versions {
        put(record, at, &version.get().to_le_bytes());
        at += SECTION_HEADER;
    }
    let sum = header_sum(&record[..at], salt);
    put(record, 8, &sum.to_le_bytes());
    sum
}

/// A record that fits its checksums.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) header: RecordHeader,
    bytes: &'a [u8],
}

/// The names of the streams of a record that may have no place yet.
pub(crate) fn section_streams(bytes: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let record = Record { header: RecordHeader::peek(bytes)?, bytes };
    let mut streams = Vec::new();
    let mut cursor = Cursor::new(record.body());
    if record.header.has_command {
        cursor.take(16)?;
    }
    for _ in 0..record.header.sections {
        let events = cursor.varint()?;
        streams.push(cursor.short()?);
        for _ in 0..events {
            EventBytes::read(&mut cursor, (Position::START, Version::EMPTY), None)?;
        }
    }
    Ok(streams)
}

/// The events of a record that are side by side in one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) stream: &'a [u8],
    pub(crate) first_version: Version,
    pub(crate) events: u64,
}

impl<'a> Record<'a> {
    /// The record at the beginning of these bytes, once its checksums are found to fit.
    /// Only a planted bug leaves them unchecked.
    pub(crate) fn read(bytes: &'a [u8], salt: u32, is_checked: bool) -> Result<Self, Malformed> {
        let header = RecordHeader::peek(bytes)?;
        let record =
            bytes.get(..header.length as usize).ok_or(Malformed("ends within a record"))?;
        let body_at = header.header_length();
        if !is_checked {
            return Ok(Self { header, bytes: record });
        }
        let sum = header_sum(&record[..body_at], salt);
        if sum != header.sum || crc32c::crc32c(&record[body_at..]) != header.body_sum {
            return Err(Malformed("has a record that does not fit its checksum"));
        }
        Ok(Self { header, bytes: record })
    }

    /// A record whose checksums have been found to fit.
    pub(crate) const fn checked(header: RecordHeader, bytes: &'a [u8]) -> Self {
        Self { header, bytes }
    }

    pub(crate) fn last(&self) -> Position {
        self.header.first.plus(u64::from(self.header.events).saturating_sub(1))
    }

    fn body(&self) -> &'a [u8] {
        &self.bytes[self.header.header_length()..]
    }

    fn version(&self, section: usize) -> Result<Version, Malformed> {
        let at = HEADER + section * SECTION_HEADER;
        Ok(Version::new(u64::from_le_bytes(get(self.bytes, at)?)))
    }

    /// The command whose effect the record is.
    pub(crate) fn command(&self) -> Result<Option<CommandId>, Malformed> {
        self.header.has_command.then(|| Ok(CommandId::from_bytes(get(self.body(), 0)?))).transpose()
    }

    /// Goes through the record's events, in order.
    pub(crate) fn walk(
        &self,
        mut seen: impl FnMut(&Section<'a>, &EventBytes<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let mut cursor = Cursor::new(self.body());
        let command = self.command()?;
        if command.is_some() {
            cursor.take(16)?;
        }
        let mut position = self.header.first;
        for number in 0..usize::from(self.header.sections) {
            let events = cursor.varint()?;
            let stream = cursor.short()?;
            let first_version = self.version(number)?;
            let section = Section { stream, first_version, events };
            for nth in 0..events {
                let version = Version::new(first_version.get().saturating_add(nth));
                let event = EventBytes::read(&mut cursor, (position, version), command)?;
                seen(&section, &event)?;
                position = position.next();
            }
        }
        let is_whole = cursor.is_at_end() && position == self.last().next();
        if is_whole {
            Ok(())
        } else {
            Err(Malformed("has a record of another length than it says"))
        }
    }

    /// The event at a position, decoded.
    pub(crate) fn event(&self, position: Position) -> Result<Envelope, Malformed> {
        let mut names = Names::new();
        let mut found = None;
        self.walk(|section, event| {
            if event.position == position {
                found = Some(event.decode(&names.stream(section.stream)?, &mut names)?);
            }
            Ok(())
        })?;
        found.ok_or(Malformed("has a record without an event that it says it has"))
    }
}
