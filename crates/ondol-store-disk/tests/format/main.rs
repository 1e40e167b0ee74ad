//! The bytes of a log are those that docs/log-format.md states, and stay so.

mod page;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use ondol_doors::{ManualClock, SeededRng};
use ondol_kernel::{
    Actor, CausationId, CommandId, ContentType, CorrelationId, Envelope, EventId, EventType,
    MediaType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId, Tag, Tenant,
    Timestamp, TraceParent,
};
use ondol_store::{Append, EventStore as _, Expected, Filter, ReadAll};
use ondol_store_disk::{DiskStore, Doors, Options};
use tokio::task::JoinSet;

fn open(folder: &Path) -> DiskStore {
    let options = Options { segment_bytes: 8 << 10, ..Options::in_folder(folder) };
    let at = Timestamp::from_micros(1_700_000_000_000_000).expect("a moment");
    let doors = Doors {
        clock: Arc::new(ManualClock::at(at)),
        rng: Arc::new(SeededRng::new(1)),
        ..Doors::default()
    };
    DiskStore::open(&options, &doors).expect("the log is whole")
}

fn stream(key: u128) -> StreamId {
    StreamId::new("account", key).expect("a stream")
}

fn plain(number: u128) -> NewEvent {
    NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("account.opened").expect("a type"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(format!("{{\"number\":{number}}}")),
    }
}

/// An event that has all that an event may have.
fn full(number: u128) -> NewEvent {
    NewEvent {
        schema_version: SchemaVersion::new(300),
        metadata: Metadata {
            time: Timestamp::from_micros(-5).expect("a moment"),
            command: None,
            correlation: Some(CorrelationId::from_u128(1)),
            causation: Some(CausationId::from_u128(2)),
            actor: Some(Actor::new("김민지").expect("a name")),
            traceparent: TraceParent::new(3, 4, 1),
            tenant: Some(Tenant::new("seoul").expect("a name")),
            tags: vec![Tag::new("seat:12A").expect("a tag"), Tag::new("row:12").expect("a tag")],
        },
        data: Payload {
            content_type: ContentType::Other(MediaType::new("application/avro").expect("a name")),
            bytes: Bytes::from(vec![0xff; 200]),
        },
        ..plain(number)
    }
}

/// Appends of every kind: one event, several, several streams, a command's, an outcome.
fn appends() -> Vec<Append> {
    let command = CommandId::from_u128(7);
    let two = Append::to(stream(1), Expected::Any, vec![full(3), plain(4)]);
    vec![
        Append::to(stream(1), Expected::NoStream, vec![plain(1)]),
        Append::to(stream(2), Expected::Any, vec![full(2)]),
        two.and(stream(2), Expected::Exists, vec![plain(5)]).by(command),
        Append::void(CommandId::from_u128(8), Metadata::default()),
        Append::to(stream(1), Expected::Any, vec![plain(6), full(7), plain(8)]),
    ]
}

async fn all(store: &DiskStore) -> Vec<Envelope> {
    let mut read = ReadAll { after: Position::START, filter: Filter::default(), limit: 1_000 };
    let mut events = Vec::new();
    loop {
        let page = store.read_all(read.clone()).await.expect("the log is read");
        events.extend(page.events);
        read.after = page.seen;
        if page.seen == page.head {
            return events;
        }
    }
}

async fn append_together(store: &Arc<DiskStore>, numbers: std::ops::Range<u128>) {
    let mut together = JoinSet::new();
    for number in numbers {
        let store = Arc::clone(store);
        let events = vec![plain(number), full(number)];
        let append = Append::to(stream(number % 7), Expected::Any, events);
        together.spawn(async move { store.append(append).await.map(|_| ()) });
    }
    while let Some(appended) = together.join_next().await {
        appended.expect("no panic").expect("the disk has room");
    }
}

#[tokio::test]
async fn a_log_can_be_read_by_its_page_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(open(folder.path()));
    for append in appends() {
        store.append(append).await.expect("the disk has room");
    }
    for round in 1..=20 {
        append_together(&store, round * 100..round * 100 + 10).await;
    }
    let events = all(&store).await;
    drop(store);
    let read = page::read(folder.path());
    assert_eq!(read.events, events);
    assert!(read.segments > 3, "there were {} segments", read.segments);
    assert!(read.groups < 200, "nothing was written together: {} groups", read.groups);
}

/// What a file holds, in lines of sixteen bytes, without the zeros at its end.
fn lines(file: &Path) -> String {
    let bytes = std::fs::read(file).expect("the file is there");
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let line =
        |line: &[u8]| line.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    bytes[..used].chunks(16).map(|bytes| line(bytes) + "\n").collect()
}

/// The bytes that such lines state, with zeros up to a length.
fn bytes(lines: &str, length: usize) -> Vec<u8> {
    let digits: Vec<u8> = lines.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit =
        |byte: u8| u8::try_from(char::from(byte).to_digit(16).expect("a digit")).expect("small");
    let mut bytes: Vec<u8> =
        digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    bytes.resize(length.max(bytes.len()), 0);
    bytes
}

const MANIFEST: (&str, &str) = ("ondol.log", include_str!("version-1/manifest.hex"));
const SEGMENT: (&str, &str) = ("00000000000000000001.log", include_str!("version-1/segment.hex"));

#[tokio::test]
async fn the_same_appends_are_the_same_bytes_as_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    for append in appends() {
        store.append(append).await.expect("the disk has room");
    }
    drop(store);
    for (name, golden) in [MANIFEST, SEGMENT] {
        assert_eq!(lines(&folder.path().join(name)), golden, "{name} of version 1");
    }
}

#[tokio::test]
async fn a_log_of_version_1_is_read_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    for ((name, golden), length) in [(MANIFEST, 64), (SEGMENT, 8 << 10)] {
        std::fs::write(folder.path().join(name), bytes(golden, length)).expect("there is room");
    }
    let store = open(folder.path());
    let events = all(&store).await;
    assert_eq!(events, page::read(folder.path()).events);
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let of_appends = appends().into_iter().flat_map(|append| append.writes);
    let appended: Vec<_> =
        of_appends.flat_map(|write| write.events).map(|event| event.id).collect();
    assert_eq!(ids, appended);
    let outcome = store.outcome(CommandId::from_u128(7)).await.expect("the log is read");
    assert_eq!(outcome.map(|outcome| outcome.last()), Some(Position::new(5)));
    let append = Append::to(stream(1), Expected::Exactly(events[8].version), vec![plain(9)]);
    let next = store.append(append).await.expect("the log goes on").outcome.last();
    assert_eq!(next, Position::new(10));
}
