//! What a log that cannot be opened says, and the ways on.

use std::path::Path;
use std::sync::Arc;

use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId,
};
use ondol_store::{Append, EventStore as _, Expected, ReadAll, ReadError, ReadStream};
use ondol_store_disk::{Disk, DiskStore, Doors, OpenError, Options, SimDisk, repair, verify};

const FOLDER: &str = "/log";

struct Rig {
    disk: SimDisk,
    doors: Doors,
    options: Options,
}

impl Rig {
    fn new() -> Self {
        let disk = SimDisk::new();
        let doors = Doors { disk: Arc::new(disk.clone()), ..Doors::default() };
        let options = Options { segment_bytes: 8 << 10, ..Options::in_folder(FOLDER) };
        Self { disk, doors, options }
    }

    fn open(&self) -> Result<DiskStore, OpenError> {
        DiskStore::open(&self.options, &self.doors)
    }

    fn door(&self) -> &Arc<dyn Disk> {
        &self.doors.disk
    }

    /// A log of so many events, one an append.
    async fn with_events(count: u128) -> Self {
        let rig = Self::new();
        let store = rig.open().expect("the folder is empty");
        for number in 0..count {
            append(&store, number).await;
        }
        rig
    }
}

async fn append(store: &DiskStore, number: u128) {
    let event = NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("account.opened").expect("a name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(vec![b'1'; 200]),
    };
    let stream = StreamId::new("account", number % 3).expect("a stream");
    store.append(Append::to(stream, Expected::Any, vec![event])).await.expect("there is room");
}

/// What a question is answered with by the first look at it, before any other thread could help.
fn at_once<Answer>(asked: impl Future<Output = Answer>) -> Option<Answer> {
    let mut looking = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(asked).poll(&mut looking) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test]
async fn what_is_not_there_is_known_at_once_and_what_is_there_is_read() {
    let rig = Rig::with_events(3).await;
    let store = rig.open().expect("it is whole");
    let stream = |number: u32| StreamId::new("account", number).expect("a stream");
    let read = |number| ReadStream::forward(stream(number), 10);
    let unknown = at_once(store.read_stream(read(9))).expect("it is known at once");
    assert_eq!(unknown.expect("it is read"), []);
    let beyond = read(0).from(ondol_kernel::Version::new(2));
    let beyond = at_once(store.read_stream(beyond)).expect("it is known at once");
    assert_eq!(beyond.expect("it is read"), []);
    let snapshot = at_once(store.load_snapshot(&stream(0), 7)).expect("it is known at once");
    assert_eq!(snapshot.expect("it is looked up"), None);
    assert_eq!(store.read_stream(read(0)).await.expect("it is read").len(), 1);
    // Whoever only looks at a log does not know how its streams stand, and reads.
    let looked = DiskStore::look(&rig.options, &rig.doors).expect("it is looked at");
    append(&store, 9).await;
    while looked.read_stream(read(0)).await.expect("it is read").len() < 2 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_log_that_is_open_is_not_opened_again() {
    let rig = Rig::new();
    let held = rig.open().expect("the folder is empty");
    let error = rig.open().expect_err("it is held");
    assert_eq!(error.code(), "log-held");
    verify(Path::new(FOLDER), rig.door()).expect("looking takes no lock");
    drop(held);
    rig.open().expect("it is free again");
}

#[tokio::test]
async fn a_lock_that_a_crash_has_left_is_taken_over() {
    let rig = Rig::with_events(3).await;
    let held = rig.open().expect("the log is whole");
    rig.disk.cut_power();
    drop(held);
    rig.disk.restart(1);
    rig.open().expect("nobody holds it");
}

#[tokio::test]
async fn a_folder_of_another_version_is_refused_and_left_alone() {
    let rig = Rig::with_events(1).await;
    rig.disk.rot(Path::new("/log/ondol.log"), |bytes| bytes[8] = 9).expect("it is there");
    let error = rig.open().expect_err("another version");
    assert!(matches!(error, OpenError::OtherVersion { found: 9, .. }), "found {error}");
}

#[tokio::test]
async fn a_folder_of_something_else_is_refused_and_left_alone() {
    let rig = Rig::new();
    rig.disk.create_folder(Path::new(FOLDER)).expect("a folder");
    rig.disk.create(Path::new("/log/thesis.txt")).expect("a file");
    let error = rig.open().expect_err("something else");
    assert_eq!(error.code(), "log-not-a-log");
    assert!(error.to_string().contains("thesis.txt"), "found {error}");
    assert_eq!(rig.disk.paths(), [Path::new("/log/thesis.txt")]);
}

#[tokio::test]
async fn options_that_cannot_be_used_are_told_of_all_at_once() {
    let rig = Rig::new();
    let options = Options { segment_bytes: 1, open_files_max: 0, ..rig.options.clone() };
    let error = DiskStore::open(&options, &rig.doors).expect_err("bad options");
    let text = error.to_string();
    assert!(text.contains("segment_bytes") && text.contains("open_files_max"), "found {text}");
}

#[tokio::test]
async fn damage_in_the_middle_is_named_and_can_be_cut_by_hand() {
    let rig = Rig::with_events(100).await;
    let whole = verify(Path::new(FOLDER), rig.door()).expect("the log is whole");
    assert_eq!((whole.head, whole.appends, whole.streams), (Position::new(100), 100, 3));
    assert!(whole.segments > 2);
    let first_life = whole.epoch;
    let segments = rig.disk.paths();
    let second = segments.iter().filter(|path| path.extension().is_some_and(|e| e == "log")).nth(1);
    let second = second.expect("there are several").clone();
    rig.disk.rot(&second, |bytes| bytes[1_000] ^= 1).expect("it is there");
    let error = verify(Path::new(FOLDER), rig.door()).expect_err("it is damaged");
    let OpenError::Corrupt { file, after, .. } = error else { panic!("found {error}") };
    assert_eq!(file, second);
    assert!(after > Position::new(10) && after < Position::new(60), "after {after}");

    let too_far = repair(Path::new(FOLDER), after.next(), &rig.doors);
    assert!(matches!(too_far, Err(OpenError::Corrupt { .. })), "nothing whole is there");
    let cut = repair(Path::new(FOLDER), after, &rig.doors).expect("it is whole up to there");
    assert_eq!(cut.head, after);
    assert_ne!(cut.epoch, first_life);
    let store = rig.open().expect("the log is whole again");
    let ahead = store.read_all(ReadAll::after(Position::new(100), 10)).await;
    assert!(matches!(ahead, Err(ReadError::AheadOfLog { .. })), "a reader ahead notices");
    append(&store, 1_000).await;
    let page = store.read_all(ReadAll::after(Position::START, 1_000)).await.expect("it reads");
    assert_eq!(page.events.len() as u64, after.get() + 1);
}

#[tokio::test]
async fn a_log_that_lost_its_end_after_a_clean_close_is_refused() {
    let rig = Rig::with_events(5).await;
    let log = Path::new("/log/00000000000000000001.log");
    rig.disk
        .rot(log, |bytes| {
            let last = bytes.iter().rposition(|byte| *byte != 0).expect("it is written to");
            bytes[last - 20..=last].fill(0);
        })
        .expect("it is there");
    // The index knows of the event that is damaged: it is not taken for a torn one.
    let error = rig.open().expect_err("an event is missing");
    assert_eq!(error.code(), "log-corrupt", "found {error}");
}

#[tokio::test]
async fn a_lost_index_is_made_again() {
    let rig = Rig::with_events(50).await;
    for path in rig.disk.paths().iter().filter(|path| path.starts_with("/log/index")) {
        rig.disk.remove(path).expect("it is there");
    }
    let store = rig.open().expect("the log is whole");
    let stream = StreamId::new("account", 1).expect("a stream");
    let read = ReadStream::forward(stream, 100);
    assert_eq!(store.read_stream(read).await.expect("it reads").len(), 17);
}
