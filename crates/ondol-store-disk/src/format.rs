//! The bytes of the log, as `docs/log-format.md` states them: all numbers little endian, all
//! checksums CRC-32C.
//!
//! A folder has one manifest and any number of segments. A segment has a header and then
//! groups; a group is what one sync made durable: a header and then records; a record is one
//! append. Each header and each record has its own checksum, so that one record can be read
//! without the rest of its group, and the group's checksum covers those of its records, so that
//! a group is whole or not at all.

mod cursor;
mod group;
mod manifest;
mod record;
mod segment;

use std::fmt;

pub(crate) use cursor::{Cursor, put_varint};
pub(crate) use group::{GROUP_HEADER, GROUP_MARK, GroupHeader, padded};
pub(crate) use manifest::{MANIFEST_NAME, Manifest};
pub(crate) use record::{
    EventBytes, Names, RECORD_MARK, Record, RecordDraft, RecordHeader, Section, place,
    section_streams,
};
pub(crate) use segment::{SEGMENT_HEADER, SegmentHeader, segment_name, segment_of};

/// The version of the format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// Bytes that are not what this format has at their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Where a record begins: the number of its segment, and the byte in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Address(u64);

impl Address {
    pub(crate) const fn new(segment: u32, offset: u32) -> Self {
        Self(((segment as u64) << 32) | offset as u64)
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn segment(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    pub(crate) const fn offset(self) -> u32 {
        self.0 as u32
    }

    /// The address so many bytes further on in the same segment.
    pub(crate) fn plus(self, bytes: usize) -> Self {
        Self::new(self.segment(), self.offset() + length32(bytes))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.segment(), self.offset())
    }
}

/// A length that is known to be under a segment's.
pub(crate) fn length32(length: usize) -> u32 {
    u32::try_from(length).expect("what is written at a time is shorter than 4 GiB")
}

/// A number that counts something in memory.
pub(crate) fn index(number: u64) -> usize {
    usize::try_from(number).expect("what is in memory is counted in a machine word")
}

/// The checksum of some bytes that belong to one log: it does not fit those of another.
pub(crate) fn checksum(salt: u32, parts: &[&[u8]]) -> u32 {
    parts.iter().fold(salt, |sum, part| crc32c::crc32c_append(sum, part))
}

/// Puts a field at its place.
pub(crate) fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    bytes[at..at + field.len()].copy_from_slice(field);
}

/// The two, four, eight or sixteen bytes at a place.
pub(crate) fn get<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Malformed> {
    let field = bytes.get(at..at + N).ok_or(Malformed("ends too early"))?;
    field.try_into().map_err(|_never| Malformed("ends too early"))
}

#[cfg(test)]
mod tests;
