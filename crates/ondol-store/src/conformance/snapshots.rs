//! Snapshots: kept by stream and fold, replaced whole, and never needed.

use std::sync::Arc;

use bytes::Bytes;
use ondol_kernel::{StreamId, Version};

use super::Engine;
use super::given::{accepted, append, events, log, one, racing, some, soon, thing};
use crate::{Replica, Snapshot, SnapshotError};

fn snapshot(key: &str, fold: u64, version: u64, state: impl Into<Bytes>) -> Snapshot {
    Snapshot { stream: thing(key), fold, version: Version::new(version), state: state.into() }
}

async fn save(store: &dyn Replica, snapshot: Snapshot) {
    soon(store.save_snapshot(snapshot)).await.expect("it can be saved");
}

async fn load(store: &dyn Replica, stream: &StreamId, fold: u64) -> Option<Snapshot> {
    soon(store.load_snapshot(stream, fold)).await.expect("it can be loaded")
}

pub async fn a_stream_without_a_snapshot_has_none<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    assert_eq!(load(&*store, &thing("a"), 1).await, None);
    assert_eq!(load(&*store, &thing("never"), 1).await, None);
}

pub async fn a_snapshot_that_was_saved_is_loaded<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(3))).await;
    save(&*store, snapshot("a", 1, 3, "state")).await;
    assert_eq!(load(&*store, &thing("a"), 1).await, Some(snapshot("a", 1, 3, "state")));
}

pub async fn a_snapshot_takes_the_place_of_the_one_before<E: Engine>() {
    let store = E::create().await.store();
    for version in 1..=5 {
        save(&*store, snapshot("a", 1, version, format!("state {version}"))).await;
        let expected = snapshot("a", 1, version, format!("state {version}"));
        assert_eq!(load(&*store, &thing("a"), 1).await, Some(expected));
    }
}

pub async fn a_snapshot_of_another_fold_is_not_seen<E: Engine>() {
    let store = E::create().await.store();
    save(&*store, snapshot("a", 1, 3, "one")).await;
    assert_eq!(load(&*store, &thing("a"), 2).await, None);
    save(&*store, snapshot("a", u64::MAX, 4, "two")).await;
    assert_eq!(load(&*store, &thing("a"), 1).await, Some(snapshot("a", 1, 3, "one")));
    let expected = Some(snapshot("a", u64::MAX, 4, "two"));
    assert_eq!(load(&*store, &thing("a"), u64::MAX).await, expected);
}

pub async fn a_snapshot_of_another_stream_is_not_seen<E: Engine>() {
    let store = E::create().await.store();
    save(&*store, snapshot("a", 1, 3, "a")).await;
    for other in ["b", "A", "aa", "a "] {
        assert_eq!(load(&*store, &thing(other), 1).await, None);
    }
    save(&*store, snapshot("b", 1, 4, "b")).await;
    assert_eq!(load(&*store, &thing("a"), 1).await, Some(snapshot("a", 1, 3, "a")));
}

pub async fn any_bytes_and_none_can_be_a_state<E: Engine>() {
    let store = E::create().await.store();
    let states: [Vec<u8>; 4] = [Vec::new(), vec![0], (0..=255).collect(), vec![0xff; 3 << 20]];
    for state in states {
        save(&*store, snapshot("a", 1, 3, state.clone())).await;
        let loaded = load(&*store, &thing("a"), 1).await;
        assert!(loaded == Some(snapshot("a", 1, 3, state)), "the state came back different");
    }
}

pub async fn a_snapshot_over_its_limit_is_refused_and_the_one_before_stays<E: Engine>() {
    let store = E::create().await.store();
    save(&*store, snapshot("a", 1, 3, "small")).await;
    let most = store.limits().snapshot_bytes_max;
    let large = snapshot("a", 1, 4, vec![0; most + 1]);
    let error = soon(store.save_snapshot(large)).await.expect_err("it is too large");
    assert!(
        matches!(error, SnapshotError::TooLarge { most: allowed, found } if (allowed, found) == (most, most + 1)),
        "found {error}"
    );
    assert_eq!(load(&*store, &thing("a"), 1).await, Some(snapshot("a", 1, 3, "small")));
}

pub async fn snapshots_are_no_events<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    save(&*store, snapshot("a", 1, 1, "state")).await;
    assert_eq!(log(&*store).await.len(), 1);
    assert_eq!(append(&*store, one("a")).await.outcome, accepted(2, 2));
}

pub async fn of_snapshots_that_race_one_is_kept_whole<E: Engine>() {
    let store = E::create().await.store();
    let of = |number: u64| {
        let byte = u8::try_from(number).expect("few tasks race");
        snapshot("a", 1, number, vec![byte; 10_000])
    };
    racing(16, |number| {
        let store = Arc::clone(&store);
        async move { save(&*store, of(number)).await }
    })
    .await;
    let kept = load(&*store, &thing("a"), 1).await.expect("one is kept");
    assert!(kept == of(kept.version.get()), "parts of two snapshots were mixed");
}

pub async fn a_snapshot_after_reopening_is_the_last_one_or_none<E: Engine>() {
    let mut engine = E::create().await;
    let store = engine.store();
    append(&*store, some("a", events(2))).await;
    save(&*store, snapshot("a", 1, 1, "old")).await;
    save(&*store, snapshot("a", 1, 2, "new")).await;
    drop(store);
    engine.reopen().await;
    let loaded = load(&*engine.store(), &thing("a"), 1).await;
    assert!(loaded.is_none() || loaded == Some(snapshot("a", 1, 2, "new")), "found {loaded:?}");
}
