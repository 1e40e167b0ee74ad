//! Setting, replacing and cancelling; and the order in which timers are due.

use ondol_kernel::Timestamp;

use super::Stage;
use super::given::{all_due, at, book, id, named, names, second, set, timer, write};
use crate::{Generation, Order, Timer, Write};

pub async fn a_timer_that_was_set_sleeps_until_it_is_due(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 1, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    assert_eq!(all_due(store.as_ref(), 9).await, [], "it sleeps");
    assert_eq!(all_due(store.as_ref(), 10).await, [timer("a", "end", 1, 10)], "it is due");
    assert_eq!(store.next_due(&book()).await.expect("it is read"), Some(second(10)));
    let found = store.get(&book(), &id("a", "end")).await.expect("it is read");
    assert_eq!(found, Some(timer("a", "end", 1, 10)));
    assert_eq!(store.count(&book()).await.expect("it is read"), 1);
}

pub async fn timers_are_due_in_the_order_of_their_times_then_of_their_names(stage: Stage) {
    let store = stage.store;
    let orders =
        vec![set("b", "x", 1, 5), set("a", "y", 2, 5), set("c", "x", 3, 4), set("a", "x", 4, 5)];
    store.write(write(0, 4, orders)).await.expect("it is written");
    let due = all_due(store.as_ref(), 5).await;
    assert_eq!(names(&due), ["c/x", "a/x", "a/y", "b/x"]);
}

pub async fn a_page_goes_on_after_the_place_where_the_one_before_ended(stage: Stage) {
    let store = stage.store;
    let orders = (0..9).map(|number| set(&format!("s{number}"), "x", 1, number / 3)).collect();
    store.write(write(0, 1, orders)).await.expect("it is written");
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.due(&book(), second(9), after, 2).await.expect("it is read");
        let Some(last) = page.last() else { break };
        after = Some(last.place());
        found.extend(names(&page));
    }
    let expected: Vec<_> = (0..9).map(|number| format!("s{number}/x")).collect();
    assert_eq!(found, expected);
}

pub async fn a_page_is_never_larger_than_the_limit(stage: Stage) {
    let store = stage.store;
    let orders = (0..9).map(|number| set(&format!("s{number}"), "x", 1, 0)).collect();
    store.write(write(0, 1, orders)).await.expect("it is written");
    let page = store.due(&book(), second(9), None, 4).await.expect("it is read");
    assert_eq!(page.len(), 4);
    let page = store.due(&book(), second(9), None, usize::MAX).await.expect("it is read");
    assert_eq!(page.len(), 9.min(store.limits().page_timers_max));
}

pub async fn a_timer_of_the_same_name_replaces_the_one_before(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 1, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    store.write(write(1, 2, vec![set("a", "end", 2, 5)])).await.expect("it is written");
    assert_eq!(all_due(store.as_ref(), 100).await, [timer("a", "end", 2, 5)]);
    store.write(write(2, 3, vec![set("a", "end", 3, 50)])).await.expect("it is written");
    assert_eq!(all_due(store.as_ref(), 49).await, [], "its old times are forgotten");
    assert_eq!(store.count(&book()).await.expect("it is read"), 1);
}

pub async fn a_cancelled_timer_is_gone(stage: Stage) {
    let store = stage.store;
    let orders = vec![set("a", "end", 1, 10), set("a", "start", 1, 11)];
    store.write(write(0, 1, orders)).await.expect("it is written");
    let cancel = vec![Order::Cancel(id("a", "end"))];
    store.write(write(1, 2, cancel)).await.expect("it is written");
    assert_eq!(names(&all_due(store.as_ref(), 100).await), ["a/start"]);
    assert_eq!(store.get(&book(), &id("a", "end")).await.expect("it is read"), None);
}

pub async fn cancelling_what_is_not_there_does_nothing(stage: Stage) {
    let store = stage.store;
    let cancel = vec![Order::Cancel(id("a", "end"))];
    store.write(write(0, 1, cancel)).await.expect("it is written");
    assert_eq!(store.count(&book()).await.expect("it is read"), 0);
    assert_eq!(store.next_due(&book()).await.expect("it is read"), None);
}

pub async fn orders_of_one_write_are_obeyed_one_after_the_other(stage: Stage) {
    let store = stage.store;
    let orders = vec![
        set("a", "x", 1, 10),
        Order::Cancel(id("a", "x")),
        set("a", "x", 2, 20),
        set("b", "x", 3, 30),
        set("b", "x", 4, 5),
        set("c", "x", 5, 1),
        Order::Cancel(id("c", "x")),
    ];
    store.write(write(0, 5, orders)).await.expect("it is written");
    let due = all_due(store.as_ref(), 100).await;
    assert_eq!(due, [timer("b", "x", 4, 5), timer("a", "x", 2, 20)]);
}

pub async fn timers_of_one_name_in_two_streams_are_two(stage: Stage) {
    let store = stage.store;
    let orders = vec![set("a", "end", 1, 10), set("b", "end", 1, 10)];
    store.write(write(0, 1, orders)).await.expect("it is written");
    store.write(write(1, 2, vec![Order::Cancel(id("a", "end"))])).await.expect("it is written");
    assert_eq!(names(&all_due(store.as_ref(), 100).await), ["b/end"]);
}

pub async fn books_do_not_see_each_other(stage: Stage) {
    let store = stage.store;
    store.write(write(0, 1, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    let other = named("others");
    assert_eq!(store.checkpoint(&other).await.expect("it is read"), None);
    assert_eq!(store.count(&other).await.expect("it is read"), 0);
    let orders = vec![set("a", "end", 9, 90)];
    let first = Write { book: other.clone(), from: None, to: at(1), orders };
    store.write(first).await.expect("it is written");
    assert_eq!(all_due(store.as_ref(), 100).await, [timer("a", "end", 1, 10)]);
    store.clear(&other).await.expect("it is cleared");
    assert_eq!(all_due(store.as_ref(), 100).await, [timer("a", "end", 1, 10)]);
}

pub async fn the_first_and_the_last_moment_there_is_are_kept(stage: Stage) {
    let store = stage.store;
    let first = "0000-01-01T00:00:00Z".parse().expect("a moment");
    let of =
        |stream, due| Timer { id: id(stream, "x"), generation: Generation(u64::MAX >> 1), due };
    let (early, late) = (of("b", first), of("a", Timestamp::MAX));
    let orders = vec![Order::Set(late.clone()), Order::Set(early.clone())];
    store.write(write(0, 1, orders)).await.expect("it is written");
    let due = store.due(&book(), Timestamp::MAX, None, 10).await.expect("it is read");
    assert_eq!(due, [early, late]);
}

pub async fn whoever_watches_hears_of_writes(stage: Stage) {
    let store = stage.store;
    let mut watch = store.watch();
    watch.mark_unchanged();
    store.write(write(0, 1, vec![set("a", "end", 1, 10)])).await.expect("it is written");
    assert!(watch.has_changed().expect("the store is there"));
}
