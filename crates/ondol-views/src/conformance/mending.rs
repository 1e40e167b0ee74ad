//! Poison: what cannot be folded parks its own key, and is mended by hand or by better code.

use ondol_kernel::StreamId;

use super::Stage;
use super::made_up::key;
use super::town::{Balance, Event, Running, Town, balance, blown, deposit, mend, tight, until};
use crate::{FollowError, ProjectorOptions, RepairError, Unit};

fn unit(account: &str) -> Unit {
    Unit::Key(key(account))
}

fn stream(account: &str) -> Unit {
    Unit::Stream(StreamId::new("account", account).expect("it is a stream"))
}

/// A town in which kim's third event is poison, and what has happened since.
async fn poisoned(stage: Stage, fuse: &str, options: ProjectorOptions) -> (Town, Running<Balance>) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1), deposit(2), blown(fuse), deposit(4)]).await;
    town.append("lee", [deposit(10)]).await;
    let running = town.start::<Balance>(options);
    town.caught_up(&running).await;
    town.append("kim", [deposit(8)]).await;
    town.append("lee", [deposit(20)]).await;
    town.append("park", [Event::Sent { to: "kim".to_owned(), amount: 5 }]).await;
    town.caught_up(&running).await;
    (town, running)
}

async fn check_poisoned(town: &Town, fuse: &str) {
    let parked = town.parked().await;
    assert_eq!(parked.len(), 1, "found {parked:?}");
    assert_eq!((&parked[0].unit, parked[0].position.get()), (&unit("kim"), 3));
    assert!(parked[0].reason.contains(fuse), "found {:?}", parked[0].reason);
    assert_eq!(town.waiting(&parked[0]).await, [4, 6, 8]);
    assert_eq!(town.amount("kim").await, 3, "as it stood before the poison");
    assert_eq!((town.amount("lee").await, town.amount("park").await), (30, -5));
}

pub async fn a_poison_event_parks_its_own_key_and_others_flow(stage: Stage) {
    let fuse = "parks its own key";
    let (town, running) = poisoned(stage, fuse, ProjectorOptions::default()).await;
    check_poisoned(&town, fuse).await;
    running.stop().await.expect("it stops well");
}

pub async fn what_waits_is_folded_in_order_once_it_is_mended(stage: Stage) {
    let fuse = format!("folded in order {:p}", std::ptr::from_ref(&stage));
    let (town, running) = poisoned(stage, &fuse, tight()).await;
    check_poisoned(&town, &fuse).await;
    mend(&fuse);
    let repaired = running.handle.retry(unit("kim")).await.expect("it is tried");
    assert_eq!((repaired.keys, repaired.parked), (vec![key("kim")], None));
    assert!(town.parked().await.is_empty());
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    town.append("kim", [deposit(16)]).await;
    town.caught_up(&running).await;
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    running.stop().await.expect("it stops well");
}

pub async fn a_mended_key_is_tried_again_at_the_next_start(stage: Stage) {
    let fuse = format!("next start {:p}", std::ptr::from_ref(&stage));
    let (town, running) = poisoned(stage, &fuse, tight()).await;
    running.stop().await.expect("it stops well");
    mend(&fuse);
    let running = town.start::<Balance>(tight());
    until("the key is released", async || town.parked().await.is_empty()).await;
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    running.stop().await.expect("it stops well");
}

pub async fn a_retry_in_vain_counts_the_try_and_keeps_what_waits(stage: Stage) {
    let fuse = "in vain";
    let (town, running) = poisoned(stage, fuse, tight()).await;
    let before = town.documents().await;
    for tries in 2..=4 {
        let repaired = running.handle.retry(unit("kim")).await.expect("it is tried");
        let parked = repaired.parked.expect("it is still in the way");
        assert_eq!((parked.tries, parked.position.get()), (tries, 3));
        check_poisoned(&town, fuse).await;
    }
    assert_eq!(town.documents().await, before);
    running.stop().await.expect("it stops well");
}

pub async fn a_second_poison_event_is_found_behind_the_first(stage: Stage) {
    let first = format!("first {:p}", std::ptr::from_ref(&stage));
    let second = format!("second {:p}", std::ptr::from_ref(&stage));
    let (town, running) = poisoned(stage, &first, tight()).await;
    town.append("kim", [blown(&second), deposit(32)]).await;
    town.caught_up(&running).await;
    mend(&first);
    let repaired = running.handle.retry(unit("kim")).await.expect("it is tried");
    let parked = repaired.parked.expect("another is in the way");
    assert_eq!((parked.position.get(), parked.tries), (9, 1));
    assert!(parked.reason.contains(&second));
    assert_eq!(town.waiting(&parked).await, [10]);
    assert_eq!(town.amount("kim").await, 1 + 2 + 4 + 8 - 5);
    mend(&second);
    running.handle.retry(unit("kim")).await.expect("it is tried");
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    running.stop().await.expect("it stops well");
}

pub async fn a_skipped_event_is_left_out_and_the_rest_follows(stage: Stage) {
    let (town, running) = poisoned(stage, "skipped", tight()).await;
    let repaired = running.handle.skip(unit("kim")).await.expect("it is skipped");
    assert_eq!(repaired.parked, None);
    let mut trail = 0_u64;
    for position in [1, 2, 4, 6, 8] {
        trail = trail.wrapping_mul(31).wrapping_add(position);
    }
    let kim = town.balances().await.remove("kim").expect("it is there");
    assert_eq!((kim.amount, kim.trail), (1 + 2 + 4 + 8 - 5, trail));
    town.append("kim", [deposit(16)]).await;
    town.caught_up(&running).await;
    assert_eq!(town.amount("kim").await, 26);
    running.stop().await.expect("it stops well");
}

pub async fn more_may_wait_than_is_kept_by_position(stage: Stage) {
    let fuse = format!("more may wait {:p}", std::ptr::from_ref(&stage));
    let (town, running) = poisoned(stage, &fuse, ProjectorOptions::default()).await;
    let most = town.views().limits().waiting_max;
    for _ in 0..2 {
        town.append("kim", vec![deposit(1); most]).await;
        town.append("lee", [deposit(1)]).await;
        town.caught_up(&running).await;
    }
    let parked = town.parked().await.remove(0);
    assert!(parked.is_open);
    assert_eq!(usize::try_from(parked.waiting).expect("it fits"), most + 1);
    mend(&fuse);
    // What is open is remembered across a restart, which tries again by itself.
    running.stop().await.expect("it stops well");
    town.append("kim", [deposit(1)]).await;
    let running = town.start::<Balance>(tight());
    until("the key is released", async || town.parked().await.is_empty()).await;
    town.caught_up(&running).await;
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    running.stop().await.expect("it stops well");
}

pub async fn an_unreadable_event_parks_its_stream(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    town.append_garbage("kim").await;
    town.append("kim", [deposit(2)]).await;
    town.append("lee", [deposit(10), Event::Sent { to: "kim".to_owned(), amount: 1 }]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    let parked = town.parked().await.remove(0);
    assert_eq!((&parked.unit, parked.position.get()), (&stream("kim"), 2));
    assert_eq!(town.waiting(&parked).await, [3]);
    assert_eq!((town.amount("kim").await, town.amount("lee").await), (0, 9));
    let repaired = running.handle.retry(stream("kim")).await.expect("it is tried");
    assert_eq!(repaired.parked.map(|parked| parked.tries), Some(2));
    running.stop().await.expect("it stops well");
}

pub async fn a_skipped_stream_goes_on_after_the_unreadable_event(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    town.append_garbage("kim").await;
    town.append("kim", [deposit(2), deposit(4)]).await;
    town.append_garbage("kim").await;
    town.append("kim", [deposit(8)]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    let repaired = running.handle.skip(stream("kim")).await.expect("it is skipped");
    let parked = repaired.parked.expect("another is in the way");
    assert_eq!((parked.position.get(), town.amount("kim").await), (5, 7));
    assert_eq!(town.waiting(&parked).await, [6]);
    let repaired = running.handle.skip(stream("kim")).await.expect("it is skipped");
    assert_eq!((repaired.parked, town.amount("kim").await), (None, 15));
    running.stop().await.expect("it stops well");
}

pub async fn documents_that_moved_on_are_folded_in_order_when_a_stream_is_released(stage: Stage) {
    let town = Town::new(stage);
    town.append("lee", [deposit(1)]).await;
    town.append_garbage("kim").await;
    town.append("kim", [Event::Sent { to: "lee".to_owned(), amount: 3 }]).await;
    town.append("lee", [deposit(10)]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    assert_eq!(town.amount("lee").await, 11, "kim's event waits");
    running.handle.skip(stream("kim")).await.expect("it is skipped");
    let trail = [1_u64, 3, 4].iter().fold(0_u64, |trail, position| trail * 31 + position);
    let lee = town.balances().await.remove("lee").expect("it is there");
    assert_eq!((lee.amount, lee.trail), (8, trail));
    running.stop().await.expect("it stops well");
}

pub async fn a_key_that_cannot_be_kept_parks_its_stream(stage: Stage) {
    let town = Town::new(stage);
    let wrong = "k".repeat(crate::KEY_BYTES_MAX + 1);
    town.append("kim", [deposit(1), Event::Sent { to: wrong, amount: 1 }, deposit(2)]).await;
    town.append("lee", [deposit(10)]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    let parked = town.parked().await.remove(0);
    assert_eq!((&parked.unit, parked.position.get()), (&stream("kim"), 2));
    assert_eq!((town.amount("kim").await, town.amount("lee").await), (1, 10));
    running.stop().await.expect("it stops well");
}

pub async fn a_document_that_outgrows_the_limit_is_parked_as_it_was(stage: Stage) {
    let town = Town::new(stage);
    let bytes = town.views().limits().document_bytes_max / 2;
    town.append("kim", [deposit(1), Event::Noted { bytes }]).await;
    let running = town.start::<Balance>(ProjectorOptions::default());
    town.caught_up(&running).await;
    let before = town.documents().await.remove("kim");
    town.append("kim", [deposit(2), Event::Noted { bytes }, deposit(4)]).await;
    town.append("lee", [deposit(10)]).await;
    town.caught_up(&running).await;
    let parked = town.parked().await.remove(0);
    assert_eq!(parked.unit, unit("kim"));
    assert!(parked.is_open, "found {parked:?}");
    assert_eq!(town.documents().await.remove("kim"), before);
    assert_eq!(town.amount("lee").await, 10);
    let repaired = running.handle.retry(unit("kim")).await.expect("it is tried");
    assert!(repaired.parked.is_some());
    running.stop().await.expect("it stops well");
}

pub async fn too_much_that_is_parked_stops_the_view(stage: Stage) {
    let town = Town::new(stage);
    let most = town.views().limits().parked_max;
    for number in 0..=most {
        town.append(&format!("account-{number}"), [blown("too much")]).await;
    }
    let ended = town.start::<Balance>(tight()).ended().await;
    let is_told =
        matches!(&ended, Err(FollowError::TooManyParked { view, .. }) if *view == balance(1));
    assert!(is_told, "found {ended:?}");
    assert!(town.parked().await.len() <= most);
}

pub async fn what_is_not_parked_cannot_be_retried(stage: Stage) {
    let (town, running) = poisoned(stage, "not parked", tight()).await;
    for refused in
        [running.handle.retry(unit("lee")).await, running.handle.skip(stream("kim")).await]
    {
        assert!(matches!(refused, Err(RepairError::NotParked { .. })), "found {refused:?}");
    }
    let handle = running.handle.clone();
    running.stop().await.expect("it stops well");
    let refused = handle.retry(unit("kim")).await;
    assert!(matches!(refused, Err(RepairError::NotRunning)), "found {refused:?}");
    drop(town);
}
