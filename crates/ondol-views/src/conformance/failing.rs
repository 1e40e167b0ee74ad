//! A write that fails at each place where a process can die.

use super::Stage;
use super::made_up::{
    OWNER, advance, checkpoint, equal, get, keys, made, owner, parked, put, write,
};
use crate::{Parking, Query, Step, ViewId, ViewStore, Write};

fn everything(id: &ViewId) -> Write {
    Write {
        advances: vec![advance(0, 9)],
        changes: vec![put("kim", "1", vec![owner("kim")])],
        parking: vec![Parking::Park(parked("lee", 9))],
        ..Write::to(id.clone())
    }
}

/// Whether the document, its entry, the parked key and the checkpoint are there.
async fn found(store: &dyn ViewStore, id: &ViewId) -> [bool; 4] {
    let entries = keys(store, id, Query::of(equal(OWNER, owner("kim")), 10)).await;
    let parked = store.parked(id, None, 10).await.expect("parked keys are read");
    [
        get(store, id, "kim").await.is_some(),
        !entries.is_empty(),
        !parked.is_empty(),
        checkpoint(store, id).await == 9,
    ]
}

pub async fn a_write_that_fails_before_its_commit_leaves_nothing(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    for step in Step::ALL.into_iter().filter(|step| *step < Step::AfterCommit) {
        stage.faults.arm(step);
        let outcome = store.write(everything(&id)).await;
        assert!(outcome.is_err(), "{step:?}: found {outcome:?}");
        assert!(!stage.faults.is_armed(), "{step:?} was never come to");
        assert_eq!(found(store, &id).await, [false; 4], "{step:?}");
    }
}

pub async fn a_write_that_fails_after_its_commit_leaves_everything(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    stage.faults.arm(Step::AfterCommit);
    let outcome = store.write(everything(&id)).await;
    assert!(matches!(outcome, Err(crate::WriteError::Unknown(_))), "found {outcome:?}");
    assert_eq!(found(store, &id).await, [true; 4]);
}

pub async fn a_store_goes_on_after_a_failed_write(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    for (round, step) in (0..).zip(Step::ALL) {
        stage.faults.arm(step);
        assert!(store.write(write(&id, round, round + 1, vec![])).await.is_err());
        if checkpoint(store, &id).await == round {
            store.write(write(&id, round, round + 1, vec![])).await.expect("it is written");
        }
        assert_eq!(checkpoint(store, &id).await, round + 1);
    }
}
