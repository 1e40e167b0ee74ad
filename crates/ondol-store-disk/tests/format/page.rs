//! A reader of logs that was written after docs/log-format.md and nothing else: it shares no line
//! with the store. Whoever wants to read a log in another language begins here.

use std::path::Path;

use bytes::Bytes;
use ondol_kernel::{
    Actor, CausationId, CommandId, ContentType, CorrelationId, Envelope, EventId, EventType,
    MediaType, Metadata, Payload, Position, Recorded, SchemaVersion, StreamId, Tag, Tenant,
    Timestamp, TraceParent, Version,
};

/// The events of the log in a folder, and how many groups and segments they lie in.
pub(crate) struct Log {
    pub(crate) events: Vec<Envelope>,
    pub(crate) groups: usize,
    pub(crate) segments: usize,
}

/// What is read next.
struct Next<'a>(&'a [u8]);

impl<'a> Next<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().expect("so many were taken")
    }

    fn number(&mut self, length: usize) -> u64 {
        self.take(length).iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }

    fn varint(&mut self) -> u64 {
        let byte = self.number(1);
        if byte < 0x80 { byte } else { (byte & 0x7f) | self.varint() << 7 }
    }

    fn short(&mut self) -> &'a str {
        let length = self.number(1);
        str::from_utf8(self.take(size(length))).expect("a short text is text")
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("a length fits")
}

fn crc(begin: u32, parts: &[&[u8]]) -> u32 {
    parts.iter().fold(begin, |sum, part| crc32c::crc32c_append(sum, part))
}

/// Checks a header in which these four bytes are a checksum of the rest.
fn assert_sum(begin: u32, header: &[u8], at: usize, with_zeros: bool) {
    let found = u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
    let zeros: &[u8] = if with_zeros { &[0; 4] } else { &[] };
    assert_eq!(found, crc(begin, &[&header[..at], zeros, &header[at + 4..]]), "a checksum");
}

/// Reads the log in a folder.
pub(crate) fn read(folder: &Path) -> Log {
    let manifest = std::fs::read(folder.join("ondol.log")).expect("a log has a manifest");
    assert_eq!((manifest.len(), &manifest[..8]), (64, &b"ONDOLLOG"[..]));
    assert_eq!(manifest[8..12], 1u32.to_le_bytes());
    assert_sum(0, &manifest, 12, true);
    let salt = crc(0, &[&manifest[48..64]]);
    let names = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = names
        .map(|entry| entry.expect("the folder is read").file_name().into_string().expect("text"))
        .filter(|name| name.len() == 24 && name.ends_with(".log"))
        .collect();
    names.sort();
    let mut log = Log { events: Vec::new(), groups: 0, segments: names.len() };
    for (number, name) in (0u64..).zip(&names) {
        let segment = std::fs::read(folder.join(name)).expect("a segment is read");
        let mut header = Next(&segment[..64]);
        assert_sum(salt, &segment[..64], 12, true);
        assert_eq!((header.take(8), header.number(4)), (&b"ONDOLSEG"[..], 1));
        header.take(4);
        assert_eq!(header.take(16), &manifest[16..32], "a segment names its log");
        assert_eq!(header.number(8).to_string(), name[..20].trim_start_matches('0'));
        assert_eq!((header.number(4), header.number(4)), (number, segment.len() as u64));
        assert_eq!(header.take(16), [0; 16]);
        log.groups_of(&segment, salt);
    }
    log
}

impl Log {
    fn groups_of(&mut self, segment: &[u8], salt: u32) {
        let mut at = 64;
        while segment.get(at).is_some_and(|first| *first != 0) {
            let header = &segment[at..at + 32];
            assert_sum(salt, header, 28, false);
            let mut fields = Next(header);
            assert_eq!(fields.take(4), [0x47, 0x52, 0x50, 0xa1]);
            let length = size(fields.number(4));
            assert_eq!(fields.number(8), self.events.len() as u64 + 1, "positions are dense");
            let (records, events, sum) = (fields.number(4), fields.number(4), fields.number(4));
            let before = self.events.len();
            let mut sums = Vec::new();
            let mut rest = &segment[at + 32..at + 32 + length];
            while !rest.is_empty() {
                sums.push(<[u8; 4]>::try_from(&rest[8..12]).expect("four bytes"));
                rest = self.record(rest, salt);
            }
            assert_eq!(sums.len() as u64, records);
            assert_eq!((self.events.len() - before) as u64, events);
            assert_eq!(u64::from(crc(0, &[&sums.concat()])), sum);
            self.groups += 1;
            at = (at + 32 + length).next_multiple_of(8);
        }
        assert!(segment[at..].iter().all(|byte| *byte == 0), "zeros follow the last group");
    }

    /// Reads a record; answers what follows it.
    fn record<'a>(&mut self, bytes: &'a [u8], salt: u32) -> &'a [u8] {
        let mut fields = Next(bytes);
        assert_eq!(fields.number(1), 0xa5);
        let (flags, sections, length) = (fields.number(1), fields.number(2), fields.number(4));
        let header = &bytes[..28 + 8 * size(sections)];
        assert_sum(salt, header, 8, false);
        fields.take(4);
        let body_sum = fields.number(4);
        let mut body = Next(&bytes[header.len()..size(length)]);
        assert_eq!(u64::from(crc(0, &[body.0])), body_sum);
        assert_eq!(fields.number(8), self.events.len() as u64 + 1);
        let (before, events) = (self.events.len() as u64, fields.number(4));
        let command = (flags & 1 != 0).then(|| CommandId::from_bytes(body.array()));
        for _ in 0..sections {
            let (first, count) = (fields.number(8), body.varint());
            let stream: StreamId = body.short().parse().expect("a stream's name");
            for version in first..first + count {
                let event = self.event(&mut body, command, (&stream, version));
                self.events.push(event);
            }
        }
        assert!(body.0.is_empty(), "a record has nothing else");
        assert_eq!(self.events.len() as u64, before + events);
        &bytes[size(length)..]
    }

    fn event(
        &self,
        body: &mut Next<'_>,
        command: Option<CommandId>,
        (stream, version): (&StreamId, u64),
    ) -> Envelope {
        let flags = body.number(1);
        let id = EventId::from_bytes(body.array());
        let mut metadata = Metadata { command, ..Metadata::default() };
        metadata.time = Timestamp::from_micros(i64::from_le_bytes(body.array())).expect("a moment");
        let event_type = EventType::new(body.short()).expect("a type");
        let schema = if flags & 1 != 0 { body.varint() } else { 1 };
        metadata.correlation = (flags & 2 != 0).then(|| CorrelationId::from_bytes(body.array()));
        metadata.causation = (flags & 4 != 0).then(|| CausationId::from_bytes(body.array()));
        metadata.actor = (flags & 8 != 0).then(|| Actor::new(body.short()).expect("an actor"));
        metadata.traceparent = (flags & 16 != 0).then(|| trace(body));
        metadata.tenant = (flags & 32 != 0).then(|| Tenant::new(body.short()).expect("a tenant"));
        let tags = if flags & 64 != 0 { body.varint() } else { 0 };
        metadata.tags = (0..tags).map(|_| Tag::new(body.short()).expect("a tag")).collect();
        let content_type = match flags & 128 {
            0 => ContentType::Json,
            _ => ContentType::Other(MediaType::new(body.short()).expect("a media type")),
        };
        let length = size(body.varint());
        Recorded {
            position: Position::new(self.events.len() as u64 + 1),
            stream: stream.clone(),
            version: Version::new(version),
            id,
            event_type,
            schema_version: SchemaVersion::new(u32::try_from(schema).expect("a version")),
            metadata,
            data: Payload { content_type, bytes: Bytes::copy_from_slice(body.take(length)) },
        }
    }
}

fn trace(body: &mut Next<'_>) -> TraceParent {
    let trace_id = u128::from_le_bytes(body.array());
    let parent_id = body.number(8);
    let flags = u8::try_from(body.number(1)).expect("one byte");
    TraceParent::new(trace_id, parent_id, flags).expect("a trace")
}
