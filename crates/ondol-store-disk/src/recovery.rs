//! Finding out where a log ends, after whatever has happened to it.
//!
//! Only the last group of the last segment may be torn: it was being written when the machine
//! stopped, and nobody was told of it. It is cut off, and that is said. A bad group that a good
//! one follows was whole once: the log is not opened, for cutting there would lose what was
//! acknowledged.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ondol_kernel::Position;

use crate::blank::written_to;
use crate::bug::Bugs;
use crate::disk::{read_exact_at, read_up_to, write_zeros};
use crate::error::OpenError;
use crate::format::{
    Address, GROUP_HEADER, GROUP_MARK, GroupHeader, Malformed, Record, SEGMENT_HEADER, length32,
    padded,
};
use crate::index::End;
use crate::reader::read_record;
use crate::segments::{Segment, Segments};

/// Goes through groups, each whole, and finds the end of the log.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    segments: &'a Segments,
    salt: u32,
    bugs: Bugs,
    segment: Arc<Segment>,
    offset: u32,
    next: Position,
    bytes: Vec<u8>,
    /// Whether someone may be writing meanwhile.
    is_live: bool,
}

/// A group that is whole.
#[derive(Debug)]
pub(crate) struct WholeGroup<'a> {
    pub(crate) header: GroupHeader,
    pub(crate) address: Address,
    records: &'a [u8],
}

/// What is behind the last whole group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) end: End,
    /// Bytes behind the end that are part of no group: a torn one.
    pub(crate) torn: Option<Torn>,
}

/// A group that was being written when the machine stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Torn {
    pub(crate) file: PathBuf,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl<'a> WholeGroup<'a> {
    /// Where it ends.
    pub(crate) fn end(&self) -> End {
        let events = u64::from(self.header.events);
        let length = padded(GROUP_HEADER + self.header.length as usize);
        let position = self.header.first.plus(events.saturating_sub(1));
        End { position, address: self.address.plus(length) }
    }

    /// Its records and their addresses.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Address, Record<'a>)> {
        let (records, address) = (self.records, self.address);
        let mut at = 0;
        std::iter::from_fn(move || {
            let bytes = records.get(at..).filter(|bytes| !bytes.is_empty())?;
            let header = crate::format::RecordHeader::peek(bytes).ok()?;
            let length = header.length as usize;
            let found = address.plus(GROUP_HEADER + at);
            at += length;
            Some((found, Record::checked(header, &bytes[..length])))
        })
    }
}

impl<'a> Groups<'a> {
    /// Begins where a group begins or a segment ends.
    pub(crate) fn new(segments: &'a Segments, bugs: Bugs, after: End) -> Result<Self, OpenError> {
        let segment = segments.get(after.address.segment()).ok_or_else(|| OpenError::TooShort {
            folder: segments.folder.clone(),
            found: Position::START,
            seen: after.position,
        })?;
        Ok(Self {
            segments,
            salt: segments.manifest.salt(),
            bugs,
            segment,
            offset: after.address.offset(),
            next: after.position.next(),
            bytes: Vec::new(),
            is_live: false,
        })
    }

    /// As `new`, of a log that someone may be writing to meanwhile.
    pub(crate) fn of_live(segments: &'a Segments, after: End) -> Result<Self, OpenError> {
        Ok(Self { is_live: true, ..Self::new(segments, Bugs::default(), after)? })
    }

    /// The last position that was found.
    pub(crate) fn position(&self) -> Position {
        self.next.previous().unwrap_or(Position::START)
    }

    fn disk_failed(&self, source: io::Error) -> OpenError {
        OpenError::Disk { folder: self.segments.folder.clone(), source }
    }

    fn corrupt(&self, malformed: Malformed) -> OpenError {
        OpenError::Corrupt {
            file: self.segment.path.clone(),
            offset: self.offset.into(),
            after: self.position(),
            problem: malformed.0.to_owned(),
        }
    }

    /// The next whole group, or where the log ends.
    pub(crate) fn next(&mut self) -> Result<Result<WholeGroup<'_>, Tail>, OpenError> {
        let mut may_have_changed = self.is_live;
        loop {
            let malformed = match self.read().map_err(|error| self.disk_failed(error))? {
                Ok(header) => {
                    let address = Address::new(self.segment.number, self.offset);
                    let length = header.length as usize;
                    self.offset += length32(padded(GROUP_HEADER + length));
                    self.next = self.next.plus(header.events.into());
                    let records = &self.bytes[..length];
                    return Ok(Ok(WholeGroup { header, address, records }));
                }
                Err(malformed) => malformed,
            };
            let end = match self.segments.get(self.segment.number + 1) {
                Some(following) if following.first == self.next => {
                    self.segment = following;
                    self.offset = length32(SEGMENT_HEADER);
                    continue;
                }
                Some(_) => Err(self.corrupt(malformed)),
                None => self.tail(malformed),
            };
            // What seems to be damaged may have been half written when it was read. What stands
            // behind it was written later, so that it is whole by now if it ever will be.
            if end.is_err() && std::mem::take(&mut may_have_changed) {
                continue;
            }
            return end.map(Err);
        }
    }

    /// Reads the group that begins here.
    fn read(&mut self) -> io::Result<Result<GroupHeader, Malformed>> {
        let mut header = [0; GROUP_HEADER];
        let file = self.segments.file(&self.segment)?;
        let rest = self.segment.length.saturating_sub(self.offset) as usize;
        if rest < GROUP_HEADER {
            return Ok(Err(Malformed("ends")));
        }
        read_exact_at(file.as_ref(), &mut header, self.offset.into())?;
        let header = match GroupHeader::decode(&header, self.salt) {
            Ok(header) if header.first != self.next => {
                return Ok(Err(Malformed("has a group of another position than is next")));
            }
            Ok(header) if header.length as usize > rest - GROUP_HEADER => {
                return Ok(Err(Malformed("has a group longer than its segment")));
            }
            Ok(header) => header,
            Err(malformed) => return Ok(Err(malformed)),
        };
        let length = header.length as usize;
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        let offset = u64::from(self.offset) + GROUP_HEADER as u64;
        read_exact_at(file.as_ref(), &mut self.bytes[..length], offset)?;
        Ok(check_records(&header, &self.bytes[..length], self.salt, self.bugs).map(|()| header))
    }

    /// The end of the log: nothing but zeros, or a torn group, may follow.
    fn tail(&self, malformed: Malformed) -> Result<Tail, OpenError> {
        let rest = self.rest().map_err(|error| self.disk_failed(error))?;
        let position = self.position();
        let address = Address::new(self.segment.number, self.offset);
        let end = End { position, address };
        let Some(written_to) = rest.written_to else { return Ok(Tail { end, torn: None }) };
        // A segment gets its name once its first group is durable, but for the very first.
        let is_first_group = self.offset as usize == SEGMENT_HEADER && self.segment.number > 0;
        if (rest.has_group_behind || is_first_group) && !self.bugs.cuts_in_the_middle() {
            return Err(self.corrupt(malformed));
        }
        let (file, from) = (self.segment.path.clone(), u64::from(self.offset));
        Ok(Tail { end, torn: Some(Torn { file, from, to: written_to }) })
    }

    /// Looks through what follows.
    fn rest(&self) -> io::Result<Rest> {
        const CHUNK: usize = 1 << 20;
        let file = self.segments.file(&self.segment)?;
        let mut bytes = vec![0; CHUNK + GROUP_HEADER];
        let mut rest = Rest::default();
        let mut at = u64::from(self.offset);
        loop {
            let read = read_up_to(file.as_ref(), &mut bytes, at)?;
            if let Some(written) = written_to(&bytes[..read]) {
                rest.written_to = Some(at + written as u64);
                for from in (0..read.min(CHUNK)).step_by(8) {
                    rest.has_group_behind |= self.is_later_group(&bytes[from..read]);
                }
            }
            if read <= CHUNK {
                return Ok(rest);
            }
            at += CHUNK as u64;
        }
    }

    fn is_later_group(&self, bytes: &[u8]) -> bool {
        bytes.first() == Some(&GROUP_MARK)
            && bytes.len() >= GROUP_HEADER
            && GroupHeader::decode(bytes, self.salt).is_ok_and(|header| header.first > self.next)
    }
}

#[derive(Debug, Default)]
struct Rest {
    written_to: Option<u64>,
    has_group_behind: bool,
}

/// Checks that a group has exactly the records it says, side by side and each whole.
pub(crate) fn check_records(
    header: &GroupHeader,
    bytes: &[u8],
    salt: u32,
    bugs: Bugs,
) -> Result<(), Malformed> {
    let (mut at, mut next, mut records, mut sum) = (0, header.first, 0, 0);
    while at < bytes.len() {
        let record = read_record(&bytes[at..], salt, bugs)?;
        if record.header.first != next {
            return Err(Malformed("has a record of another position than is next"));
        }
        next = record.last().next();
        sum = crc32c::crc32c_append(sum, &record.header.sum.to_le_bytes());
        records += 1;
        at += record.header.length as usize;
    }
    let events = next.get() - header.first.get();
    let fits = records == header.records
        && events == u64::from(header.events)
        && (sum == header.records_sum || bugs.ignores_checksums());
    if fits { Ok(()) } else { Err(Malformed("has a group with other records than it says")) }
}

/// Cuts a torn group off, durably: what is written next must not be taken for a part of it.
pub(crate) fn cut(segments: &Segments, torn: &Torn) -> io::Result<()> {
    tracing::warn!(
        file = %torn.file.display(), from = torn.from, to = torn.to,
        "the last group was torn when the machine stopped and is cut off; it was never acknowledged"
    );
    let file = segments.disk.open(&torn.file)?;
    write_zeros(file.as_ref(), torn.from, torn.to)?;
    file.sync_data()
}
