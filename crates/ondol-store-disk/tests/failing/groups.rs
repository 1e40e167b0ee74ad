//! What one group comes to: those in it see each other, and one that is not written leaves nothing.

use std::pin::Pin;
use std::task::{Context, Waker};

use ondol_kernel::{Tag, Version};
use ondol_store::{Condition, Outcome};

use super::*;

type Asked<'a> = Pin<Box<dyn Future<Output = Result<Appended, AppendError>> + Send + 'a>>;

/// Asks, and does not wait for the answer.
fn asked(store: &DiskStore, append: Append) -> Asked<'_> {
    let mut asked = Box::pin(store.append(append));
    let is_waiting = asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
    assert!(is_waiting, "nothing is answered before it is synced");
    asked
}

async fn answer(asked: Asked<'_>) -> Result<Appended, AppendError> {
    tokio::time::timeout(PATIENCE, asked).await.expect("nobody waits for ever")
}

fn seat() -> Vec<Tag> {
    vec![Tag::new("seat:12A").expect("a tag")]
}

fn of_seat(number: u128) -> Append {
    let mut append = one(number);
    append.writes[0].events[0].metadata.tags = seat();
    append
}

fn unless_taken(number: u128, after: Position) -> Append {
    of_seat(number).when(Condition { tags: seat(), types: Vec::new(), after })
}

/// A store whose next sync waits until it is told to go on, and that is at it now.
struct Held {
    store: Arc<DiskStore>,
    go: mpsc::SyncSender<()>,
}

impl Held {
    async fn at_a_sync() -> Self {
        let (go, may_go) = mpsc::sync_channel::<()>(1);
        let (came, has_come) = mpsc::sync_channel::<()>(1);
        let (may_go, waits) = (std::sync::Mutex::new(may_go), AtomicBool::new(false));
        let waits = Arc::new(waits);
        let is_held = Arc::clone(&waits);
        let disk = Hooked::new(move |moment| {
            if moment == Moment::Sync && is_held.swap(false, Ordering::SeqCst) {
                came.send(()).map_err(io::Error::other)?;
                let waiting = may_go.lock().expect("one thread writes");
                waiting.recv().map_err(io::Error::other)?;
            }
            Ok(())
        });
        let store = open(&disk, &options());
        append(&store, 1).await.expect("all is well");
        waits.store(true, Ordering::SeqCst);
        drop(asked(&store, one(2)));
        has_come.recv_timeout(PATIENCE).expect("the writer comes to its sync");
        Self { store, go }
    }
}

#[tokio::test]
async fn what_breaks_a_condition_first_is_named_within_a_group_as_well() {
    let Held { store, go } = Held::at_a_sync().await;
    let (first, second) = (asked(&store, of_seat(3)), asked(&store, of_seat(4)));
    let third = asked(&store, unless_taken(5, Position::START));
    let later = asked(&store, unless_taken(6, Position::new(2)));
    go.send(()).expect("the writer waits");
    answer(first).await.expect("nobody minds");
    answer(second).await.expect("nobody minds");
    for refused in [third, later] {
        let refused = answer(refused).await.expect_err("the seat is taken");
        assert!(
            matches!(refused, AppendError::ConditionBroken { at } if at == Position::new(3)),
            "found {refused:?}"
        );
    }
    assert_eq!(ids(&store).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn who_is_refused_in_a_group_leaves_no_hole_between_the_others() {
    let Held { store, go } = Held::at_a_sync().await;
    let first = asked(&store, unless_taken(3, Position::START));
    let refused = asked(&store, unless_taken(4, Position::START));
    let last = asked(&store, one(5));
    go.send(()).expect("the writer waits");
    answer(first).await.expect("the seat is free");
    answer(refused).await.expect_err("the seat is taken");
    let Outcome::Accepted { first, .. } = answer(last).await.expect("nobody minds").outcome else {
        panic!("an append is accepted")
    };
    assert_eq!(first, Position::new(4));
    assert_eq!(ids(&store).await, [1, 2, 3, 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_the_disk_has_no_room_for_leaves_no_trace() {
    let full = Arc::new(AtomicBool::new(false));
    let is_full = Arc::clone(&full);
    let disk = Hooked::new(move |moment| {
        let has_room = moment != Moment::Write || !is_full.load(Ordering::SeqCst);
        if has_room { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    });
    let store = open(&disk, &options());
    append(&store, 1).await.expect("there is room");
    full.store(true, Ordering::SeqCst);
    for number in [1, 2] {
        let refused = append(&store, number).await.expect_err("there is no room");
        assert_eq!(refused.code(), "log-full", "found {refused}");
    }
    full.store(false, Ordering::SeqCst);
    for (number, expected) in [(1, Expected::Exactly(Version::new(1))), (2, Expected::NoStream)] {
        let mut again = one(number);
        again.writes[0].expected = expected;
        store.append(again).await.expect("the stream stands as it did");
    }
    assert_eq!(ids(&store).await, [1, 1, 2]);
}
