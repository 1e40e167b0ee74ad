//! Looking at a log that someone else holds and writes to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ondol_kernel::{
    Envelope, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId,
};
use ondol_store::{
    Append, AppendError, EventStore, Expected, Filter, ReadAll, ReadStream, Subscription,
};
use ondol_store_disk::{DiskStore, Doors, OpenError, Options, SimDisk};

struct Rig {
    disk: SimDisk,
    doors: Doors,
    options: Options,
}

impl Rig {
    /// Small parts, so that a few hundred events go through all that a log has.
    fn new() -> Self {
        let disk = SimDisk::new();
        let doors = Doors { disk: Arc::new(disk.clone()), ..Doors::default() };
        let options =
            Options { segment_bytes: 8 << 10, index_entries_max: 16, ..Options::in_folder("/log") };
        Self { disk, doors, options }
    }

    fn open(&self) -> DiskStore {
        DiskStore::open(&self.options, &self.doors).expect("nobody holds it")
    }

    fn look(&self) -> Result<Arc<DiskStore>, OpenError> {
        DiskStore::look(&self.options, &self.doors).map(Arc::new)
    }

    fn bytes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        for path in self.disk.paths() {
            let kept = |bytes: &mut Vec<u8>| drop(all.insert(path.clone(), bytes.clone()));
            self.disk.rot(&path, kept).expect("the file is there");
        }
        all
    }
}

fn stream(number: u128) -> StreamId {
    StreamId::new("account", number % 3).expect("a stream")
}

fn append_of(number: u128) -> Append {
    let event = NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("account.opened").expect("a name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(vec![b'1'; 100]),
    };
    Append::to(stream(number), Expected::Any, vec![event])
}

async fn append(store: &DiskStore, numbers: std::ops::Range<u128>) {
    for number in numbers {
        store.append(append_of(number)).await.expect("there is room");
    }
}

async fn all(store: &DiskStore) -> Vec<Envelope> {
    let page = store.read_all(ReadAll::after(Position::START, 10_000)).await;
    page.expect("nothing is damaged").events
}

#[tokio::test]
async fn a_log_is_looked_at_and_nothing_is_written() {
    let rig = Rig::new();
    let held = rig.open();
    append(&held, 0..100).await;
    let expected = all(&held).await;
    rig.disk.cut_power();
    drop(held);
    rig.disk.restart(1);
    // Whoever holds a log makes files ready beside it: what looking does is seen without that.
    let before = rig.bytes();
    let looked = rig.look().expect("there is a log");
    assert_eq!(all(&looked).await, expected);
    let of_one = looked.read_stream(ReadStream::forward(stream(1), 1_000)).await;
    assert_eq!(of_one.expect("nothing is damaged").len(), 33);
    let refused = looked.append(append_of(1_000)).await.expect_err("it only looks");
    assert!(matches!(refused, AppendError::Stopped(_)), "found {refused:?}");
    drop(looked);
    assert!(rig.bytes() == before, "something was written");
    append(&rig.open(), 100..101).await;
}

#[tokio::test]
async fn a_looker_sees_the_log_grow_through_new_segments_and_merged_runs() {
    let rig = Rig::new();
    let held = rig.open();
    append(&held, 0..3).await;
    let looked = rig.look().expect("looking takes no lock");
    let store: Arc<dyn EventStore> = looked.clone();
    let mut follower = Subscription::new(store, Position::START, Filter::default(), 1_000);
    append(&held, 3..400).await;
    let mut seen = Vec::new();
    while seen.len() < 400 {
        seen.extend(follower.next().await.expect("nothing is damaged").events);
    }
    let expected = all(&held).await;
    assert_eq!(seen, expected);
    assert_eq!(all(&looked).await, expected);
    let of_one = looked.read_stream(ReadStream::forward(stream(2), 1_000)).await;
    assert_eq!(of_one.expect("nothing is damaged").len(), 133);
}

#[tokio::test]
async fn where_there_is_no_log_there_is_nothing_to_look_at() {
    let rig = Rig::new();
    assert!(matches!(rig.look(), Err(OpenError::Disk { .. })));
    assert!(rig.disk.paths().is_empty(), "nothing was made");
}
