//! What a log does when its disk or one of its own threads fails: it stops or refuses, says so to
//! everyone who waits, and serves what is durable and nothing else.

mod groups;
mod hooked;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId,
};
use ondol_store::{Append, AppendError, Appended, EventStore as _, Expected, ReadAll};
use ondol_store_disk::{DiskStore, Doors, Options};

use self::hooked::{Hooked, Moment};

const FOLDER: &str = "/log";
/// Nobody waits longer than this for anything that comes at all.
const PATIENCE: Duration = Duration::from_secs(60);

fn options() -> Options {
    Options { segment_bytes: 64 << 10, ..Options::in_folder(FOLDER) }
}

fn open(disk: &Hooked, options: &Options) -> Arc<DiskStore> {
    let doors = Doors { disk: Arc::new(disk.clone()), ..Doors::default() };
    Arc::new(DiskStore::open(options, &doors).expect("the folder is good"))
}

fn one(number: u128) -> Append {
    let event = NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("account.opened").expect("a name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(vec![b'1'; 300]),
    };
    Append::to(StreamId::new("account", number).expect("a stream"), Expected::Any, vec![event])
}

async fn append(store: &DiskStore, number: u128) -> Result<Appended, AppendError> {
    let appended = tokio::time::timeout(PATIENCE, store.append(one(number)));
    appended.await.expect("nobody waits for ever")
}

/// The ids of all events, in order.
async fn ids(store: &DiskStore) -> Vec<u128> {
    let page = store.read_all(ReadAll::after(Position::START, 10_000)).await;
    let events = page.expect("the log is read").events;
    events.iter().map(|event| u128::from_be_bytes(event.id.into_bytes())).collect()
}

/// Appends so many at once, and gets what came of each.
async fn race(store: &Arc<DiskStore>, numbers: std::ops::Range<u128>) -> Vec<&'static str> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in numbers {
        let store = Arc::clone(store);
        tasks.spawn(async move { append(&store, number).await });
    }
    let answers = tasks.join_all().await;
    answers.into_iter().map(|answer| answer.map_or_else(|error| error.code(), |_| "done")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_stops_the_log_and_is_never_tried_again() {
    let (fails, syncs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (failing, counted) = (Arc::clone(&fails), Arc::clone(&syncs));
    let disk = Hooked::new(move |moment| match moment {
        Moment::Sync => {
            counted.fetch_add(1, Ordering::SeqCst);
            // Once: another try would go well, and the bytes would be gone all the same.
            let is_failing = failing.swap(false, Ordering::SeqCst);
            if is_failing { Err(io::Error::other("told to fail")) } else { Ok(()) }
        }
        Moment::Create(_) | Moment::Write => Ok(()),
    });
    let store = open(&disk, &options());
    append(&store, 1).await.expect("all is well");
    fails.store(true, Ordering::SeqCst);
    let answers = race(&store, 2..40).await;
    assert!(answers.iter().all(|answer| *answer == "log-stopped"), "found {answers:?}");
    let tried = syncs.load(Ordering::SeqCst);
    let later = append(&store, 50).await.expect_err("the log has stopped");
    assert_eq!(later.code(), "log-stopped");
    assert_eq!(syncs.load(Ordering::SeqCst), tried, "it was synced once more");
    assert_eq!(ids(&store).await, [1], "what was not synced is seen");
    drop(store);
    let store = open(&disk, &options());
    append(&store, 60).await.expect("opened again it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_the_power_cut_tore_is_there_whole_or_not_at_all() {
    for seed in 0..40 {
        let cuts = Arc::new(AtomicBool::new(false));
        let (cutting, disk) = (Arc::clone(&cuts), Arc::new(std::sync::OnceLock::<Hooked>::new()));
        let cut = Arc::clone(&disk);
        let hooked = Hooked::new(move |moment| {
            if moment == Moment::Sync && cutting.load(Ordering::SeqCst) {
                cut.get().expect("it is there by now").disk.cut_power();
            }
            Ok(())
        });
        let hooked = disk.get_or_init(|| hooked);
        let store = open(hooked, &options());
        append(&store, 1).await.expect("all is well");
        cuts.store(true, Ordering::SeqCst);
        let answers = race(&store, 2..12).await;
        assert!(answers.iter().all(|answer| *answer != "done"), "acknowledged without a sync");
        drop(store);
        cuts.store(false, Ordering::SeqCst);
        hooked.disk.restart(seed);
        let store = open(hooked, &options());
        let found = ids(&store).await;
        assert_eq!(found.first(), Some(&1), "what was acknowledged is gone");
        append(&store, 100).await.expect("it goes on");
        let mut expected = found.clone();
        expected.push(100);
        assert_eq!(ids(&store).await, expected, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_appends_reads_on_and_recovers() {
    let disk = Hooked::new(|_moment| Ok(()));
    let options = Options { segment_bytes: 8 << 10, ..Options::in_folder(FOLDER) };
    let store = open(&disk, &options);
    append(&store, 1).await.expect("there is room");
    disk.disk.set_room(Some(1));
    let mut number = 1;
    let refused = loop {
        number += 1;
        match append(&store, number).await {
            Ok(_) => assert!(number < 10_000, "a full disk takes everything"),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code(), "log-full", "found {refused}");
    assert_eq!(ids(&store).await.len() as u128, number - 1, "what was acknowledged is read");
    disk.disk.set_room(None);
    append(&store, 1 << 20).await.expect("there is room again");
}

#[tokio::test]
async fn a_slow_sync_holds_up_its_append_and_not_the_runtime() {
    let (go, may_go) = mpsc::sync_channel::<()>(1);
    let may_go = std::sync::Mutex::new(may_go);
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let disk = Hooked::new(move |moment| {
        if moment == Moment::Sync && is_slow.load(Ordering::SeqCst) {
            let waiting = may_go.lock().expect("one thread writes");
            waiting.recv().map_err(io::Error::other)?;
        }
        Ok(())
    });
    let store = open(&disk, &options());
    append(&store, 1).await.expect("all is well");
    slow.store(true, Ordering::SeqCst);
    let writing = Arc::clone(&store);
    let mut task = tokio::task::JoinSet::new();
    task.spawn(async move { append(&writing, 2).await });
    // This runtime has one thread: it reads, and lets the sync go on, only because nothing of the
    // log waits on it.
    for _ in 0..10 {
        assert_eq!(ids(&store).await, [1]);
    }
    assert!(task.try_join_next().is_none(), "acknowledged before it was synced");
    slow.store(false, Ordering::SeqCst);
    go.send(()).expect("the writer waits");
    let appended = task.join_next().await.expect("there is one").expect("it does not panic");
    appended.expect("it was synced");
    assert_eq!(ids(&store).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_panics_stops_the_log_and_tells_everyone_who_waits() {
    let panics = Arc::new(AtomicBool::new(false));
    let panicking = Arc::clone(&panics);
    let disk = Hooked::new(move |moment| {
        assert!(moment != Moment::Sync || !panicking.load(Ordering::SeqCst), "told to panic");
        Ok(())
    });
    let store = open(&disk, &options());
    append(&store, 1).await.expect("all is well");
    panics.store(true, Ordering::SeqCst);
    let answers = race(&store, 2..40).await;
    assert!(answers.iter().all(|answer| *answer == "log-stopped"), "found {answers:?}");
    let later = append(&store, 50).await.expect_err("the log has stopped");
    assert_eq!(later.code(), "log-stopped");
    assert_eq!(ids(&store).await, [1], "what was not synced is seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_panics_stops_the_log_and_keeps_nobody_waiting() {
    let panics = Arc::new(AtomicBool::new(false));
    let panicking = Arc::clone(&panics);
    let is_of_index = |path: &Path| path.parent() != Some(Path::new(FOLDER));
    let disk = Hooked::new(move |moment| {
        let at_index = matches!(moment, Moment::Create(path) if is_of_index(path));
        assert!(!at_index || !panicking.load(Ordering::SeqCst), "told to panic");
        Ok(())
    });
    let options = Options { index_entries_max: 1, ..options() };
    let store = open(&disk, &options);
    panics.store(true, Ordering::SeqCst);
    let mut number = 0;
    let error = loop {
        number += 1;
        match append(&store, number).await {
            Ok(_) => assert!(number < 10_000, "a log without its index goes on for ever"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "log-stopped", "found {error}");
    assert_eq!(ids(&store).await.len() as u128, number - 1, "what was acknowledged is there");
}
