//! What is told of a log, and what never leaves it.

use std::time::Duration;

use ondol_doors::{ManualClock, SystemClock};
use ondol_kernel::{NewEvent, Position, Tag, Timestamp};
use ondol_store::{Append, EventStore, Expected, Limits, LogEpoch, MemoryStore};
use serde::{Deserialize, Serialize};

use super::*;
use crate::{Feed, LogFeed, ReadFeed};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Inner {
    Opened { secret: String },
    Moved { by: i64 },
    Noted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Public {
    Opened,
    Moved { by: i64 },
    Fell,
}

impl Facts for Inner {
    const KIND: &'static str = "inner";
}

impl Facts for Public {
    const KIND: &'static str = "thing";
    const SERVICE: Option<&'static str> = Some("house.thing");
}

fn publication() -> Publication {
    Publication::of(|event: &Recorded<Inner>| match &event.data {
        Inner::Opened { .. } => vec![Public::Opened],
        Inner::Moved { by: 13 } => panic!("thirteen"),
        Inner::Moved { by } if *by < 0 => vec![Public::Moved { by: *by }, Public::Fell],
        Inner::Moved { by } => vec![Public::Moved { by: *by }],
        Inner::Noted => vec![],
    })
    .unwrap()
}

async fn feed_of(events: &[(&str, Inner)]) -> (Arc<MemoryStore>, LogFeed) {
    let store = Arc::new(MemoryStore::new(LogEpoch::from_u128(1), Limits::default()));
    for (at, event) in events.iter().enumerate() {
        append(&store, at, event).await;
    }
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let log: Arc<dyn EventStore> = store.clone();
    let feed = LogFeed::public("house.thing", log, vec![publication()], clock);
    (store, feed)
}

async fn append(store: &MemoryStore, at: usize, (key, event): &(&str, Inner)) {
    let Encoded { event_type, schema_version, payload } =
        Codec::<Inner>::new().unwrap().encode(event).unwrap();
    let id = EventId::from_u128(u128::try_from(at).unwrap() + 1);
    let metadata = Metadata { tags: vec![Tag::new("inside").unwrap()], ..Metadata::default() };
    let event = NewEvent { id, event_type, schema_version, metadata, data: payload };
    let stream = StreamId::new("inner", key).unwrap();
    store.append(Append::to(stream, Expected::Any, vec![event])).await.unwrap();
}

fn told(page: &crate::FeedPage) -> Vec<(u64, u64, String)> {
    let one = |one: &crate::Published| {
        (one.previous.get(), one.event.position.get(), one.event.event_type.to_string())
    };
    page.events.iter().map(one).collect()
}

fn told_of(position: u64, previous: u64, event_type: &str) -> (u64, u64, String) {
    (previous, position, event_type.to_owned())
}

#[tokio::test]
async fn inner_events_never_leave_and_each_public_one_names_the_position_before_it() {
    let inner = [
        ("1", Inner::Opened { secret: "hush".into() }),
        ("1", Inner::Noted),
        ("2", Inner::Moved { by: -2 }),
        ("1", Inner::Moved { by: 5 }),
    ];
    let (_store, feed) = feed_of(&inner).await;
    let page = feed.read(ReadFeed::after(Position::START, 10)).await.unwrap();
    let expected = [
        told_of(1, 0, "thing.opened"),
        told_of(3, 1, "thing.moved"),
        told_of(3, 1, "thing.fell"),
        told_of(4, 3, "thing.moved"),
    ];
    assert_eq!(told(&page), expected);
    assert_eq!((page.seen.get(), page.head.position.get()), (4, 4));
    for one in &page.events {
        assert_eq!(one.event.stream.kind(), "thing");
        assert!(one.event.metadata.tags.is_empty());
        assert!(!String::from_utf8_lossy(&one.event.data.bytes).contains("hush"));
    }
}

#[tokio::test]
async fn what_is_told_is_the_same_however_often_it_is_read() {
    let (_store, feed) = feed_of(&[("1", Inner::Moved { by: -1 })]).await;
    let first = feed.read(ReadFeed::after(Position::START, 10)).await.unwrap();
    let again = feed.read(ReadFeed::after(Position::START, 10)).await.unwrap();
    assert_eq!(first, again);
    assert_ne!(first.events[0].event.id, first.events[1].event.id);
}

#[tokio::test]
async fn an_event_that_cannot_be_told_is_told_as_such_to_everybody() {
    let inner = [("7", Inner::Moved { by: 13 }), ("8", Inner::Moved { by: 1 })];
    let (_store, feed) = feed_of(&inner).await;
    let only = vec![EventType::new("thing.opened").unwrap()];
    let page = feed.read(ReadFeed::after(Position::START, 10).only(only)).await.unwrap();
    assert_eq!(told(&page), [told_of(1, 0, UNTOLD)]);
    assert_eq!(page.events[0].event.stream.as_str(), "thing:7");
    assert_eq!(page.seen.get(), 2);
}

#[tokio::test]
async fn a_reader_waits_for_what_it_wants_and_no_longer_than_it_asked() {
    let (store, _) = feed_of(&[("1", Inner::Noted)]).await;
    let log: Arc<dyn EventStore> = store.clone();
    let clock = Arc::new(SystemClock::start());
    let feed = LogFeed::public("house.thing", log, vec![publication()], clock);
    let asked = ReadFeed::after(Position::START, 10);
    let page = feed.read(asked.clone().waiting(Duration::from_millis(20))).await.unwrap();
    assert_eq!((page.events.len(), page.seen.get()), (0, 1));
    let reading = feed.read(asked.waiting(Duration::from_secs(60)));
    let writing = async {
        append(&store, 2, &("1", Inner::Noted)).await;
        append(&store, 3, &("1", Inner::Opened { secret: String::new() })).await;
    };
    let (page, ()) = tokio::join!(reading, writing);
    assert_eq!(told(&page.unwrap()), [told_of(3, 0, "thing.opened")]);
}
