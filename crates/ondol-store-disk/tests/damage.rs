//! What a log serves whose bytes have changed behind its back: what was written, or an error, and
//! never the same page for ever.

use std::path::Path;
use std::sync::Arc;

use ondol_kernel::{
    Envelope, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId,
};
use ondol_store::{Append, EventStore as _, Expected, ReadAll, ReadError};
use ondol_store_disk::{DiskStore, Doors, Options, SimDisk};

const FOLDER: &str = "/log";
const SEGMENT: &str = "/log/00000000000000000001.log";
/// How many events there are, one an append.
const EVENTS: u128 = 4;

async fn append(store: &DiskStore, number: u128) {
    let event = NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("account.opened").expect("a name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(vec![b'1'; 20]),
    };
    let stream = StreamId::new("account", number % 3).expect("a stream");
    store.append(Append::to(stream, Expected::Any, vec![event])).await.expect("there is room");
}

/// The whole log, a page of two at a time. A page that says nothing and goes nowhere would be
/// asked for again without end.
async fn read(store: &DiskStore) -> Result<Vec<Envelope>, ReadError> {
    let (mut all, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(ReadAll::after(after, 2)).await?;
        all.extend(page.events);
        if page.seen >= page.head {
            return Ok(all);
        }
        assert!(page.seen > after, "a page after {after} of {} goes nowhere", page.head);
        after = page.seen;
    }
}

#[tokio::test]
async fn no_changed_bit_of_a_segment_is_served_or_read_for_ever() {
    let disk = SimDisk::new();
    let doors = Doors { disk: Arc::new(disk.clone()), ..Doors::default() };
    let options = Options { segment_bytes: 8 << 10, ..Options::in_folder(FOLDER) };
    let open = || DiskStore::open(&options, &doors);
    let store = open().expect("the folder is empty");
    for number in 0..EVENTS {
        append(&store, number).await;
    }
    let whole = read(&store).await.expect("nothing is damaged yet");
    drop(store);
    let mut written = 0;
    let rot = |change: &mut dyn FnMut(&mut Vec<u8>)| disk.rot(Path::new(SEGMENT), |b| change(b));
    rot(&mut |bytes| written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1))
        .expect("the segment is there");
    for bit in 0..written * 8 {
        let flip = || rot(&mut |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        flip().expect("the segment is there");
        if let Ok(store) = open()
            && let Ok(served) = read(&store).await
        {
            assert_eq!(served, whole, "bit {bit} was changed");
        }
        flip().expect("the segment is there");
    }
    let mended = open().expect("every bit is as it was");
    assert_eq!(read(&mended).await.expect("nothing is damaged"), whole);
}
