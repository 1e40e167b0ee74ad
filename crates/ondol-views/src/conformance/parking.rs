//! What could not be folded, and what waits behind it.

use ondol_kernel::{Position, StreamId, Timestamp};

use super::Stage;
use super::made_up::{bank, made, parked, parking};
use crate::{Parked, Parking, Unit, ViewId, ViewStore, Waiting};

fn waiting(position: u64, and_all_after: bool) -> Waiting {
    Waiting { source: bank(), position: Position::new(position), and_all_after }
}

fn wait(unit: &Unit, position: u64) -> Parking {
    Parking::Wait { unit: unit.clone(), waiting: waiting(position, false) }
}

async fn do_all(store: &dyn ViewStore, id: &ViewId, all: Vec<Parking>) {
    store.write(parking(id, all)).await.expect("it is written");
}

async fn all_parked(store: &dyn ViewStore, id: &ViewId) -> Vec<Parked> {
    store.parked(id, None, 100).await.expect("parked keys are read")
}

async fn positions(store: &dyn ViewStore, id: &ViewId, unit: &Unit) -> Vec<u64> {
    let waiting = store.waiting(id, unit).await.expect("what waits is read");
    waiting.iter().map(|waiting| waiting.position.get()).collect()
}

pub async fn a_parked_key_says_why_and_since_when(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let since = Timestamp::from_micros(1_234_567).expect("it is in range");
    let stream = StreamId::new("account", "김").expect("it is a stream");
    let kept = [
        Parked { since, reason: "김 'x'".to_owned(), tries: 3, ..parked("kim/1", 77) },
        Parked { unit: Unit::Stream(stream), ..parked("-", 78) },
    ];
    do_all(store, &id, kept.clone().map(Parking::Park).to_vec()).await;
    assert_eq!(all_parked(store, &id).await, kept);
    let status = store.list().await.expect("views are listed").remove(0);
    assert_eq!(status.parked, 2);
}

pub async fn what_waits_is_kept_in_order(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let (one, two) = (parked("one", 1), parked("two", 2));
    let units = [one.unit.clone(), two.unit.clone()];
    do_all(store, &id, vec![Parking::Park(one), Parking::Park(two)]).await;
    do_all(store, &id, vec![wait(&units[0], 9), wait(&units[1], 8)]).await;
    let open = Parking::Wait { unit: units[0].clone(), waiting: waiting(11, true) };
    do_all(store, &id, vec![wait(&units[0], 10), open]).await;
    let found = store.waiting(&id, &units[0]).await.expect("what waits is read");
    assert_eq!(found, [waiting(9, false), waiting(10, false), waiting(11, true)]);
    let found: Vec<_> =
        all_parked(store, &id).await.iter().map(|one| (one.waiting, one.is_open)).collect();
    assert_eq!(found, [(3, true), (1, false)]);
}

pub async fn what_was_dealt_with_waits_no_longer(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let one = parked("one", 1);
    let unit = one.unit.clone();
    let waits = (2..=5).map(|position| wait(&unit, position));
    do_all(store, &id, std::iter::once(Parking::Park(one)).chain(waits).collect()).await;
    let dealt = |count| Parking::Dealt { unit: unit.clone(), count };
    do_all(store, &id, vec![dealt(2)]).await;
    assert_eq!(positions(store, &id, &unit).await, [4, 5]);
    do_all(store, &id, vec![wait(&unit, 6), dealt(0), dealt(1)]).await;
    assert_eq!(positions(store, &id, &unit).await, [5, 6]);
    do_all(store, &id, vec![dealt(100)]).await;
    assert!(positions(store, &id, &unit).await.is_empty());
    assert_eq!(all_parked(store, &id).await.len(), 1, "it stays parked until released");
}

pub async fn parking_again_keeps_what_waits(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let one = parked("one", 1);
    let unit = one.unit.clone();
    do_all(store, &id, vec![Parking::Park(one.clone()), wait(&unit, 2)]).await;
    let again = Parked { tries: 2, reason: "still".to_owned(), ..one };
    do_all(store, &id, vec![Parking::Park(again.clone())]).await;
    assert_eq!(all_parked(store, &id).await, [Parked { waiting: 1, ..again }]);
    assert_eq!(positions(store, &id, &unit).await, [2]);
}

pub async fn a_released_key_leaves_nothing_behind(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let one = parked("one", 1);
    let unit = one.unit.clone();
    do_all(store, &id, vec![Parking::Park(one.clone()), wait(&unit, 2)]).await;
    do_all(store, &id, vec![Parking::Release(unit.clone())]).await;
    assert_eq!(all_parked(store, &id).await, []);
    do_all(store, &id, vec![Parking::Park(one)]).await;
    assert!(positions(store, &id, &unit).await.is_empty());
}

pub async fn nothing_waits_behind_what_is_not_parked(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let unit = parked("one", 1).unit;
    do_all(store, &id, vec![wait(&unit, 2), Parking::Dealt { unit: unit.clone(), count: 1 }]).await;
    assert!(positions(store, &id, &unit).await.is_empty());
    assert_eq!(all_parked(store, &id).await, []);
}

pub async fn parked_keys_are_listed_in_pages(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let names: Vec<String> = (0..25).map(|number| format!("key-{number:02}")).collect();
    let all = names.iter().map(|name| Parking::Park(parked(name, 1))).collect();
    do_all(store, &id, all).await;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.parked(&id, after, 10).await.expect("parked keys are read");
        let Some(last) = page.last() else { break };
        after = Some(last.unit.clone());
        found.extend(page.into_iter().map(|parked| parked.unit.to_string()));
    }
    let expected: Vec<String> = names.iter().map(|name| format!("key/{name}")).collect();
    assert_eq!(found, expected);
}
