//! Reading one record after the other, across groups and segments.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ondol_kernel::Position;

use super::Reader;
use crate::disk::read_up_to;
use crate::error::RecordError;
use crate::format::{
    Address, GROUP_HEADER, GROUP_MARK, GroupHeader, Malformed, RECORD_MARK, Record, RecordHeader,
    SEGMENT_HEADER, padded,
};
use crate::segments::Segment;

/// How many bytes are read at a time. What is served lies in them: an event that is kept pins no
/// more than this, unless it is longer itself.
const CHUNK: usize = 64 << 10;
/// What stands before the last position that is read says a later one of itself. That is damage,
/// and not an end: whoever took it for one would ask for the same page for ever.
const BEYOND: Malformed =
    Malformed("stands before the end of the log and says a position after it");

/// A reading that goes forward through the log.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    reader: &'a Reader,
    /// Where the next record, or what is before it, begins.
    at: Address,
    /// The position that comes next; nothing is known of it before the first record.
    next: Option<Position>,
    head: Position,
    bytes: Bytes,
    bytes_at: Address,
    segment: Option<Arc<Segment>>,
    chunk: usize,
}

impl<'a> Scan<'a> {
    /// Begins at an address where a record or a group begins, and ends with a position. The
    /// reading is about so many bytes long.
    pub(crate) fn new(reader: &'a Reader, at: Address, head: Position, about: usize) -> Self {
        let chunk = about.clamp(4 << 10, CHUNK);
        let (bytes, bytes_at) = (Bytes::new(), at);
        Self { reader, at, next: None, head, bytes, bytes_at, segment: None, chunk }
    }

    /// Where the next record begins, or a group or an end of segment before it.
    pub(crate) fn address(&self) -> Address {
        self.at
    }

    fn here(&self) -> &[u8] {
        let offset = (self.at.offset() - self.bytes_at.offset()) as usize;
        self.bytes.get(offset..).unwrap_or_default()
    }

    /// The segment that is read.
    fn segment(&mut self) -> Result<Arc<Segment>, RecordError> {
        let number = self.at.segment();
        if let Some(segment) = self.segment.as_ref().filter(|known| known.number == number) {
            return Ok(Arc::clone(segment));
        }
        let segment = self.reader.segment(number)?;
        self.segment = Some(Arc::clone(&segment));
        Ok(segment)
    }

    /// Reads so that at least this many bytes are here, if the segment has them.
    fn have(&mut self, length: usize) -> Result<(), RecordError> {
        let is_here = self.at.segment() == self.bytes_at.segment() && self.here().len() >= length;
        if is_here {
            return Ok(());
        }
        let segment = self.segment()?;
        let file = self.reader.segments.file(&segment)?;
        let rest = (segment.length.saturating_sub(self.at.offset())) as usize;
        let wanted = length.max(self.chunk).min(rest);
        self.chunk = CHUNK;
        (self.bytes, self.bytes_at) = (Bytes::new(), self.at);
        let mut bytes = BytesMut::zeroed(wanted);
        let filled = read_up_to(file.as_ref(), &mut bytes, u64::from(self.at.offset()))?;
        bytes.truncate(filled);
        self.bytes = bytes.freeze();
        Ok(())
    }

    fn corrupt(&self, malformed: Malformed) -> RecordError {
        self.reader.corrupt_at(self.at, malformed)
    }

    fn is_done(&self) -> bool {
        self.next.is_some_and(|next| next > self.head)
    }

    /// Goes to where a record begins; answers its header, or nothing once the head was read.
    fn find(&mut self) -> Result<Option<RecordHeader>, RecordError> {
        while !self.is_done() {
            self.have(GROUP_HEADER)?;
            match self.here().first() {
                Some(&RECORD_MARK) => return self.record_header().map(Some),
                Some(&GROUP_MARK) => {
                    let header = GroupHeader::decode(self.here(), self.reader.salt);
                    let header = header.map_err(|malformed| self.corrupt(malformed))?;
                    if header.first > self.head {
                        return Err(self.corrupt(BEYOND));
                    }
                    self.at = self.at.plus(GROUP_HEADER);
                }
                Some(0) if !self.at.offset().is_multiple_of(8) => {
                    let aligned = padded(self.at.offset() as usize);
                    self.at = self.at.plus(aligned - self.at.offset() as usize);
                }
                Some(0) | None => {
                    let number = self.at.segment() + 1;
                    if self.reader.segments.get(number).is_none() {
                        return Err(self.corrupt(Malformed("ends before the log does")));
                    }
                    self.check_next_segment(number)?;
                    self.at = Address::new(number, crate::format::length32(SEGMENT_HEADER));
                }
                Some(_) => return Err(self.corrupt(Malformed("has neither a group nor a record"))),
            }
        }
        Ok(None)
    }

    /// A segment ends where the next one begins.
    fn check_next_segment(&self, number: u32) -> Result<(), RecordError> {
        let segment = self.reader.segment(number)?;
        match self.next {
            Some(next) if segment.first != next => {
                Err(self
                    .corrupt(Malformed("ends before the position at which the next one begins")))
            }
            _ => Ok(()),
        }
    }

    fn record_header(&mut self) -> Result<RecordHeader, RecordError> {
        let header = RecordHeader::peek(self.here()).map_err(|m| self.corrupt(m))?;
        let segment = self.segment()?;
        if segment.length - self.at.offset() < header.length {
            return Err(self.corrupt(Malformed("has a record longer than its segment")));
        }
        self.have(header.length as usize)?;
        Ok(header)
    }

    /// The next record, its address, and the bytes that it lies in, once it is found to fit its checksum; nothing once the
    /// head was read. Records that end before `from` are passed over.
    pub(crate) fn next(
        &mut self,
        from: Position,
    ) -> Result<Option<(Address, Record<'_>, &Bytes)>, RecordError> {
        while let Some(header) = self.find()? {
            let (address, length) = (self.at, header.length as usize);
            let last = header.first.plus(u64::from(header.events).saturating_sub(1));
            let is_next = self.next.is_none_or(|next| next == header.first);
            if !is_next {
                return Err(
                    self.corrupt(Malformed("has a record of another position than is next"))
                );
            }
            if header.first > self.head {
                return Err(self.corrupt(BEYOND));
            }
            if last < from {
                // Its length may be wrong only if its checksum is: what follows will not fit.
                self.next = Some(last.next());
                self.at = self.at.plus(length);
                continue;
            }
            if let Err(malformed) = self.reader.check(self.here()) {
                return Err(self.corrupt(malformed));
            }
            self.next = Some(last.next());
            self.at = address.plus(length);
            let offset = (address.offset() - self.bytes_at.offset()) as usize;
            let bytes = &self.bytes[offset..offset + length];
            return Ok(Some((address, Record::checked(header, bytes), &self.bytes)));
        }
        Ok(None)
    }
}
