//! Following over a way that loses, repeats and mixes up.

use std::sync::Mutex;

use async_trait::async_trait;
use ondol_kernel::{EventId, Metadata, Payload, SchemaVersion, Version};
use ondol_store::Head;

use super::*;
use crate::Published;

const EPOCH: LogEpoch = LogEpoch::from_u128(7);

/// The nth of as many as `of` says, both from 0 on.
fn part(previous: u64, position: u64, nth: u32, of: u32) -> Published {
    let published = published(previous, position, nth.into());
    Published { part: Part { nth: nth + 1, of: of + 1 }, ..published }
}

fn published(previous: u64, position: u64, nth: u128) -> Published {
    let event = Envelope {
        position: Position::new(position),
        stream: "thing:1".parse().unwrap(),
        version: Version::new(position),
        id: EventId::from_u128(u128::from(position) * 100 + nth),
        event_type: "thing.happened".parse().unwrap(),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json("null"),
    };
    Published { previous: Position::new(previous), part: Part::ONLY, event: Arc::new(event) }
}

fn page(events: Vec<Published>, seen: u64) -> FeedPage {
    let position = Position::new(seen);
    FeedPage { events, seen: position, head: Head { epoch: EPOCH, position } }
}

fn ids(events: &[Arc<Envelope>]) -> Vec<u128> {
    events.iter().map(|event| event.id.as_u128()).collect()
}

#[test]
fn what_comes_twice_is_delivered_once() {
    let events = vec![
        part(0, 2, 0, 1),
        part(0, 2, 0, 1),
        part(0, 2, 1, 1),
        part(0, 2, 0, 1),
        published(2, 5, 0),
        published(2, 5, 0),
        published(0, 2, 0),
    ];
    let followed = in_order(Position::START, page(events, 9)).unwrap();
    assert_eq!(ids(&followed.events), [200, 201, 500]);
    assert_eq!(followed.seen, Position::new(9));
}

#[test]
fn what_was_seen_before_is_passed_over() {
    let events = vec![published(1, 3, 0), published(3, 4, 0)];
    let followed = in_order(Position::new(3), page(events, 4)).unwrap();
    assert_eq!(ids(&followed.events), [400]);
}

#[test]
fn delivery_ends_before_a_hole_and_with_whole_positions() {
    let events = vec![published(0, 1, 0), published(1, 2, 0), published(3, 4, 0)];
    let followed = in_order(Position::START, page(events, 4)).unwrap();
    assert_eq!(ids(&followed.events), [100, 200]);
    assert_eq!(followed.seen, Position::new(2));
    for events in [
        vec![published(0, 1, 0), part(1, 2, 1, 1)],
        vec![published(0, 1, 0), part(1, 2, 0, 1)],
        vec![published(0, 1, 0), part(1, 2, 0, 1), published(2, 3, 0)],
    ] {
        let followed = in_order(Position::START, page(events, 4)).unwrap();
        assert_eq!((ids(&followed.events), followed.seen.get()), (vec![100], 1));
    }
}

#[test]
fn a_hole_at_once_is_told() {
    let outcome = in_order(Position::new(1), page(vec![published(3, 4, 0)], 4));
    let Err(Unsound::Hole { after, previous }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((after.get(), previous.get()), (1, 3));
}

#[derive(Debug)]
struct Scripted(Mutex<Vec<FeedPage>>);

#[async_trait]
impl Feed for Scripted {
    async fn read(&self, _read: ReadFeed) -> Result<FeedPage, FeedError> {
        Ok(self.0.lock().unwrap().remove(0))
    }
}

#[tokio::test]
async fn a_feed_in_another_life_of_its_log_is_not_followed() {
    let mut restored = page(vec![published(1, 2, 0)], 2);
    restored.head.epoch = LogEpoch::from_u128(8);
    let script = Scripted(Mutex::new(vec![page(vec![published(0, 1, 0)], 1), restored]));
    let mut follower = Follower::new(Arc::new(script), Position::START, None, Vec::new(), 10);
    assert_eq!(follower.next(Duration::ZERO).await.unwrap().events.len(), 1);
    let outcome = follower.next(Duration::ZERO).await;
    assert!(matches!(outcome, Err(Unsound::OtherLog { .. })), "{outcome:?}");
}
