//! The checkpoint, which moves with the timers or not at all.

use std::sync::Arc;

use ondol_doors::{Rng, SeededRng};

use super::Stage;
use super::given::{all_due, at, book, id, set, timer, write};
use crate::{MemoryTimers, Order, TimerStore, WriteError};

pub async fn a_write_upon_another_checkpoint_changes_nothing(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 5, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    let refused = store.write(write(4, 6, vec![set("b", "end", 6, 10)])).await;
    assert!(
        matches!(&refused, Err(WriteError::Conflict { found: Some(found), .. }) if *found == at(5)),
        "found {refused:?}"
    );
    assert_eq!(all_due(store.as_ref(), 100).await, [timer("a", "end", 1, 10)]);
    assert_eq!(store.checkpoint(&book()).await.expect("it is read"), Some(at(5)));
}

pub async fn a_first_write_is_made_once(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 1, vec![])).await.expect("it is written");
    let again = store.write(write(0, 1, vec![])).await;
    assert!(matches!(again, Err(WriteError::Conflict { expected: None, .. })), "found {again:?}");
}

pub async fn two_writers_upon_one_checkpoint_do_not_both_write(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 1, vec![])).await.expect("it is written");
    for round in 1..20 {
        let write_as = |who: &'static str| {
            let store = Arc::clone(&store);
            async move { store.write(write(round, round + 1, vec![set(who, "x", round, 1)])).await }
        };
        let (one, two) = tokio::join!(write_as("one"), write_as("two"));
        assert!(one.is_ok() != two.is_ok(), "round {round}: {one:?} and {two:?}");
    }
}

pub async fn too_many_orders_are_refused_whole(stage: Stage) {
    let store = stage.store;
    let most = store.limits().orders_per_write_max;
    let orders = vec![Order::Cancel(id("a", "x")); most + 1];
    let refused = store.write(write(0, 1, orders)).await;
    assert!(matches!(refused, Err(WriteError::TooMany { .. })), "found {refused:?}");
    let fired = vec![timer("a", "x", 1, 1); most + 1];
    let refused = store.settle(&book(), fired).await;
    assert!(matches!(refused, Err(WriteError::TooMany { .. })), "found {refused:?}");
    assert_eq!(store.checkpoint(&book()).await.expect("it is read"), None);
}

pub async fn a_book_that_is_cleared_begins_anew(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 5, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    store.clear(&book()).await.expect("it is cleared");
    assert_eq!(store.checkpoint(&book()).await.expect("it is read"), None);
    assert_eq!(store.count(&book()).await.expect("it is read"), 0);
    store.write(write(0, 1, vec![])).await.expect("it begins anew");
}

/// Cut into writes however it may be, the same orders come to the same timers.
pub async fn a_book_equals_a_replay_of_its_log(stage: Stage) {
    let store = stage.store;
    let rng = SeededRng::new(21);
    let orders: Vec<Order> = (1..=200).map(|position| made_up(&rng, position)).collect();
    let replayed = MemoryTimers::default();
    replayed.write(write(0, 200, orders.clone())).await.expect("it is written");
    let (mut from, mut rest) = (0, orders.as_slice());
    while !rest.is_empty() {
        let count = usize::try_from(rng.below(9) + 1).expect("it fits").min(rest.len());
        let to = from + u64::try_from(count).expect("it fits");
        let (now, later) = rest.split_at(count);
        store.write(write(from, to, now.to_vec())).await.expect("it is written");
        (from, rest) = (to, later);
    }
    assert_eq!(all_due(store.as_ref(), 100).await, all_due(&replayed, 100).await);
}

/// What an event at this position may want.
pub(super) fn made_up(rng: &SeededRng, position: u64) -> Order {
    let (stream, name) = (format!("s{}", rng.below(6)), format!("n{}", rng.below(3)));
    if rng.below(3) == 0 {
        return Order::Cancel(id(&stream, &name));
    }
    let due = i64::try_from(rng.below(20)).expect("it fits");
    set(&stream, &name, position, due)
}
