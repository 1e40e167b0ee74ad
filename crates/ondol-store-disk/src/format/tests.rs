//! What is written is what is read, and nothing else is taken for it.

use bytes::Bytes;
use ondol_kernel::{
    Actor, CausationId, CommandId, ContentType, CorrelationId, Envelope, EventId, EventType,
    MediaType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId, Tag, Tenant,
    Timestamp, TraceParent, Version,
};
use ondol_store::{Append, Expected, LogEpoch};
use proptest::prelude::*;

use super::*;
use crate::draft::Draft;
use crate::key::Fingerprints;

const SALT: u32 = 77;

fn full_event(command: Option<CommandId>) -> NewEvent {
    NewEvent {
        id: EventId::from_u128(9),
        event_type: EventType::new("account.deposited").expect("a name"),
        schema_version: SchemaVersion::new(300),
        metadata: Metadata {
            time: Timestamp::from_micros(-5).expect("a time"),
            command,
            correlation: Some(CorrelationId::from_u128(1)),
            causation: Some(CausationId::from_u128(2)),
            actor: Some(Actor::new("김").expect("a name")),
            traceparent: TraceParent::new(3, 4, 1),
            tenant: Some(Tenant::new("t").expect("a name")),
            tags: vec![Tag::new("a").expect("a tag"), Tag::new("b:c").expect("a tag")],
        },
        data: Payload {
            content_type: ContentType::Other(MediaType::new("application/avro").expect("a name")),
            bytes: Bytes::from_static(&[0, 255, 7]),
        },
    }
}

fn record_of(append: &Append) -> Vec<u8> {
    let mut draft = Draft::new();
    draft.add(append, &Fingerprints::new(&[1; 16]));
    let mut bytes = draft.bytes.split_off(GROUP_HEADER);
    let versions = (1..=append.writes.len() as u64).map(Version::new);
    place(&mut bytes, SALT, Position::new(41), versions);
    bytes
}

fn events_of(record: &Record<'_>) -> Vec<Envelope> {
    let last = record.last().get();
    (record.header.first.get()..=last)
        .map(|position| record.event(Position::new(position)).expect("the record is whole"))
        .collect()
}

fn two_streams() -> Append {
    let command = CommandId::from_u128(8);
    let stream = |key: &str| StreamId::new("account", key).expect("a stream");
    let plain = NewEvent {
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata { command: Some(command), ..Metadata::default() },
        data: Payload::json("{}"),
        ..full_event(None)
    };
    let mut append = Append::to(
        stream("1"),
        Expected::Any,
        vec![full_event(Some(command)), plain.clone()],
    )
    .and(stream("2"), Expected::Any, vec![plain]);
    append.command = Some(command);
    append
}

#[test]
fn a_record_comes_back_as_it_was_written() {
    let append = two_streams();
    let bytes = record_of(&append);
    let record = Record::read(&bytes, SALT, true).expect("the record is whole");
    assert_eq!(record.command(), Ok(append.command));
    let mut position = Position::new(40);
    let mut expected = Vec::new();
    for (nth, write) in append.writes.iter().enumerate() {
        for (version, event) in (nth as u64 + 1..).zip(&write.events) {
            position = position.next();
            let event = event.clone();
            expected.push(event.recorded(write.stream.clone(), Version::new(version), position));
        }
    }
    assert_eq!(events_of(&record), expected);
}

#[test]
fn a_record_with_any_bit_changed_is_not_read() {
    let bytes = record_of(&two_streams());
    for at in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(Record::read(&changed, SALT, true).is_err(), "bit {at} was changed unseen");
    }
    assert!(Record::read(&bytes, SALT + 1, true).is_err(), "the record of another log was read");
    assert!(Record::read(&bytes[..bytes.len() - 1], SALT, true).is_err());
}

#[test]
fn headers_with_any_bit_changed_are_not_read() {
    let manifest = Manifest { log: [3; 16], epoch: LogEpoch::from_u128(4), key: [5; 16] };
    assert_eq!(Manifest::decode(&manifest.encode()), Ok(Ok(manifest)));
    let segment = SegmentHeader { number: 2, first: Position::new(7), length: 4096 };
    assert_eq!(SegmentHeader::decode(&segment.encode(&manifest), &manifest), Ok(segment));
    let group =
        GroupHeader { length: 1, first: Position::new(2), records: 3, events: 4, records_sum: 5 };
    assert_eq!(GroupHeader::decode(&group.encode(SALT), SALT), Ok(group));
    for bit in 0..64 * 8 {
        let flip = |bytes: &mut [u8]| bytes[bit / 8] ^= 1 << (bit % 8);
        let mut bytes = manifest.encode();
        flip(&mut bytes);
        assert!(!matches!(Manifest::decode(&bytes), Ok(Ok(_))), "manifest, bit {bit}");
        let mut bytes = segment.encode(&manifest);
        flip(&mut bytes);
        assert!(SegmentHeader::decode(&bytes, &manifest).is_err(), "segment, bit {bit}");
        if bit < GROUP_HEADER * 8 {
            let mut bytes = group.encode(SALT);
            flip(&mut bytes);
            assert!(GroupHeader::decode(&bytes, SALT).is_err(), "group, bit {bit}");
        }
    }
}

#[test]
fn the_name_of_a_segment_is_its_first_position() {
    let first = Position::new(1_234);
    assert_eq!(segment_name(first), "00000000000000001234.log");
    assert_eq!(segment_of(&segment_name(first)), Some(first));
    for other in ["1234.log", "0000000000000000123x.log", "00000000000000001234", "lock"] {
        assert_eq!(segment_of(other), None, "{other}");
    }
}

proptest! {
    #[test]
    fn a_number_of_varying_length_comes_back(number: u64) {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, number);
        prop_assert_eq!(Cursor::new(&bytes).varint(), Ok(number));
    }

    #[test]
    fn bytes_that_are_no_record_are_refused_and_never_panic(bytes: Vec<u8>) {
        prop_assert!(Record::read(&bytes, SALT, true).is_err());
        let mut marked = bytes;
        if let Some(first) = marked.first_mut() {
            *first = RECORD_MARK;
        }
        prop_assert!(Record::read(&marked, SALT, true).is_err());
    }
}
