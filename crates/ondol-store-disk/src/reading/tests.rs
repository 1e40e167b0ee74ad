//! Reading where what is indexed and what is on the disk no longer agree.

use std::sync::Arc;

use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId, Tag,
};
use ondol_store::{Append, EventStore as _, Expected, Filter, ReadAll};

use super::POSTINGS_AT_ONCE;
use crate::disk::SimDisk;
use crate::open::Doors;
use crate::options::Options;
use crate::store::DiskStore;

fn tagged(number: u128, tag: &Tag) -> NewEvent {
    NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("account.opened").expect("a name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata { tags: vec![tag.clone()], ..Metadata::default() },
        data: Payload::json("{}".as_bytes()),
    }
}

#[tokio::test]
async fn a_page_of_a_tag_ends_though_the_log_has_grown_since_it_was_begun() {
    let doors = Doors { disk: Arc::new(SimDisk::new()), ..Doors::default() };
    let store = DiskStore::open(&Options::in_folder("/log"), &doors).expect("an empty folder");
    let tag = Tag::new("seat:1").expect("a tag");
    let stream = StreamId::new("show", 1).expect("a stream");
    for number in 0..=POSTINGS_AT_ONCE as u128 {
        let events = vec![tagged(number, &tag)];
        let append = Append::to(stream.clone(), Expected::Any, events);
        store.append(append).await.expect("there is room");
    }
    let read = ReadAll {
        filter: Filter { tags: vec![tag], ..Filter::default() },
        ..ReadAll::after(Position::START, 10)
    };
    // All but the first have come after the reader has asked where the log ends.
    let head = Position::new(1);
    let (events, seen) = store.shared.read_tagged(&read, head).expect("nothing is damaged");
    assert_eq!((events.len(), seen), (1, head));
    let read = ReadAll { after: head, ..read };
    let (events, seen) = store.shared.read_tagged(&read, head).expect("nothing is damaged");
    assert_eq!((events.len(), seen), (0, head));
}
