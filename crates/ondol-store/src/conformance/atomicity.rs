//! An append is made whole or not at all, and nobody ever sees half of one.

use std::sync::Arc;

use ondol_kernel::Position;

use super::Engine;
use super::given::{
    append, assert_dense, events, expecting, log, one, racing, refused, some, soon, tag, tagged,
    thing, version,
};
use crate::{Append, AppendError, Condition, Expected, ReadAll};

pub async fn an_append_to_several_streams_writes_to_all_of_them<E: Engine>() {
    let store = E::create().await.store();
    let three = some("a", events(2)).and(thing("b"), Expected::Any, events(1));
    append(&*store, three.and(thing("c"), Expected::Any, events(3))).await;
    for (key, count) in [("a", 2), ("b", 1), ("c", 3)] {
        assert_eq!(version(&*store, key).await.get(), count, "of {key}");
    }
}

pub async fn events_stand_in_the_log_in_the_order_of_their_append<E: Engine>() {
    let store = E::create().await.store();
    let whole = some("z", events(2)).and(thing("a"), Expected::Any, events(2));
    let ids: Vec<_> =
        whole.writes.iter().flat_map(|write| &write.events).map(|event| event.id).collect();
    append(&*store, whole).await;
    assert_eq!(log(&*store).await.iter().map(|event| event.id).collect::<Vec<_>>(), ids);
}

pub async fn one_stream_in_conflict_writes_nothing_to_any<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("old")).await;
    for conflicting in 0..3 {
        let expected = |at| if at == conflicting { Expected::NoStream } else { Expected::Any };
        let key =
            |at: usize| if at == conflicting { "old".to_owned() } else { format!("new-{at}") };
        let whole = (1..3).fold(Append::to(thing(key(0)), expected(0), events(1)), |whole, at| {
            whole.and(thing(key(at)), expected(at), events(1))
        });
        let error = refused(&*store, whole).await;
        assert!(matches!(error, AppendError::Conflict { .. }), "found {error}");
    }
    assert_eq!(log(&*store).await.len(), 1);
}

pub async fn a_broken_condition_writes_nothing_to_any_stream<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", vec![tagged("thing.named", &["name:kim"])])).await;
    let whole = one("b").and(thing("c"), Expected::Any, events(1));
    refused(&*store, whole.when(Condition::never(tag("name:kim")))).await;
    assert_eq!(log(&*store).await.len(), 1);
}

pub async fn the_most_streams_of_an_append_are_written_at_once<E: Engine>() {
    let store = E::create().await.store();
    let most = store.limits().streams_per_append_max;
    let whole =
        (1..most).fold(one(0), |whole, key| whole.and(thing(key), Expected::NoStream, events(1)));
    append(&*store, whole).await;
    let log = log(&*store).await;
    assert_eq!(log.len(), most);
    assert!(log.iter().all(|event| event.version.get() == 1));
}

pub async fn appends_that_cross_over_the_same_streams_all_end<E: Engine>() {
    let store = E::create().await.store();
    racing(16, |number| {
        let store = Arc::clone(&store);
        async move {
            let (first, second) = if number % 2 == 0 { ("a", "b") } else { ("b", "a") };
            for _ in 0..20 {
                let crossing = one(first).and(thing(second), Expected::Any, events(1));
                append(&*store, crossing).await;
            }
        }
    })
    .await;
    assert_eq!(version(&*store, "a").await.get(), 320);
    assert_eq!(version(&*store, "b").await.get(), 320);
    assert_dense(&log(&*store).await);
}

pub async fn streams_that_are_written_together_stay_together<E: Engine>() {
    let store = E::create().await.store();
    racing(16, |_| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..10 {
                let expected = Expected::Exactly(version(&*store, "a").await);
                let both = expecting("a", expected).and(thing("b"), expected, events(1));
                // Losing the race is part of it; being written to one of the two is not.
                let result = soon(store.append(both)).await;
                assert!(matches!(result, Ok(_) | Err(AppendError::Conflict { .. })));
            }
        }
    })
    .await;
    let pairs = log(&*store).await;
    assert!(!pairs.is_empty());
    for pair in pairs.chunks(2) {
        assert_eq!(pair.len(), 2, "half an append was written");
        assert_eq!(pair[0].version, pair[1].version);
        assert_ne!(pair[0].stream, pair[1].stream);
    }
}

pub async fn nobody_sees_half_an_append<E: Engine>() {
    const EVENTS: usize = 5;
    let store = E::create().await.store();
    let writers = racing(8, |number| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..25 {
                let two = some(number, events(2));
                append(&*store, two.and(thing("all"), Expected::Any, events(EVENTS - 2))).await;
            }
        }
    });
    let reader = async {
        let mut seen = 0;
        while seen < 8 * 25 * EVENTS {
            let read = ReadAll::after(Position::START, usize::MAX);
            let page = store.read_all(read).await.expect("the log can be read");
            assert_eq!(page.events.len() % EVENTS, 0, "half an append is to be seen");
            seen = page.events.len();
            tokio::task::yield_now().await;
        }
    };
    let _ends = soon(async { tokio::join!(writers, reader) }).await;
    assert_dense(&log(&*store).await);
}
