//! What has fired is settled: by its generation, once.

use super::Stage;
use super::given::{all_due, at, book, set, timer, write};

pub async fn what_has_fired_is_settled_once(stage: Stage) {
    let store = stage.store;
    let orders = vec![set("a", "end", 1, 10), set("b", "end", 1, 10)];
    store.write(write(0, 1, orders)).await.expect("it is written");
    for _again in 0..2 {
        let fired = vec![timer("a", "end", 1, 10)];
        store.settle(&book(), fired).await.expect("it is settled");
        assert_eq!(all_due(store.as_ref(), 100).await, [timer("b", "end", 1, 10)]);
    }
}

pub async fn a_timer_that_was_replaced_is_not_settled_by_the_one_before(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 1, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    let fired = all_due(store.as_ref(), 10).await;
    // It is set anew while the old one fires, even to the same time.
    store.write(write(1, 2, vec![set("a", "end", 2, 10)])).await.expect("it is written");
    store.settle(&book(), fired).await.expect("it is settled");
    assert_eq!(all_due(store.as_ref(), 10).await, [timer("a", "end", 2, 10)]);
}

pub async fn settling_what_is_not_there_does_nothing(stage: Stage) {
    let store = stage.store;
    store.settle(&book(), vec![timer("a", "end", 1, 10)]).await.expect("it is settled");
    store.settle(&book(), Vec::new()).await.expect("it is settled");
    assert_eq!(store.count(&book()).await.expect("it is read"), 0);
}

pub async fn settling_leaves_the_checkpoint_where_it_stands(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 3, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    store.settle(&book(), vec![timer("a", "end", 1, 10)]).await.expect("it is settled");
    assert_eq!(store.checkpoint(&book()).await.expect("it is read"), Some(at(3)));
}
