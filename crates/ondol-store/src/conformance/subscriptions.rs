//! A subscriber sees exactly what was committed, in order, once: first what is there, then live.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use ondol_kernel::{Envelope, Position};

use super::Engine;
use super::given::{
    append, assert_dense, command, events, log, one, racing, some, soon, tag, tagged, void,
};
use crate::{Batch, EventStore, Filter, ReadError, Replica, Subscription};

fn follow(store: &Arc<dyn Replica>, after: u64, limit: usize) -> Subscription {
    let store: Arc<dyn EventStore> = Arc::<dyn Replica>::clone(store);
    Subscription::new(store, Position::new(after), Filter::default(), limit)
}

fn follow_tag(store: &Arc<dyn Replica>, name: &str, limit: usize) -> Subscription {
    let store: Arc<dyn EventStore> = Arc::<dyn Replica>::clone(store);
    let filter = Filter { tags: vec![tag(name)], ..Filter::default() };
    Subscription::new(store, Position::START, filter, limit)
}

async fn next(subscription: &mut Subscription) -> Batch {
    soon(subscription.next()).await.expect("the log can be read")
}

/// Takes batches until so many events have come.
async fn take(subscription: &mut Subscription, count: usize) -> Vec<Envelope> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.extend(next(subscription).await.events);
    }
    taken
}

/// Looks once whether a future has come to its end, and drops it.
async fn is_waiting<T>(future: impl Future<Output = T>) -> bool {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|ctx| Poll::Ready(future.as_mut().poll(ctx).is_pending())).await
}

async fn write_racing(store: &Arc<dyn Replica>, writers: u64, each: u64) {
    racing(writers, |number| {
        let store = Arc::clone(store);
        async move {
            for _ in 0..each {
                append(&*store, some(number, events(2))).await;
            }
        }
    })
    .await;
}

pub async fn a_subscriber_catches_up_with_what_is_there<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(25))).await;
    let mut subscription = follow(&store, 0, 10);
    assert_eq!(take(&mut subscription, 25).await, log(&*store).await);
}

pub async fn a_subscriber_that_has_caught_up_waits_for_the_next_event<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    let mut subscription = follow(&store, 0, 10);
    take(&mut subscription, 1).await;
    for version in 2..10 {
        let (appended, batch) = tokio::join!(append(&*store, one("a")), next(&mut subscription));
        assert_eq!(batch.events.len(), 1);
        assert_eq!(batch.events[0].version.get(), version);
        assert_eq!(batch.seen, appended.outcome.last());
    }
}

pub async fn a_subscriber_of_a_log_without_events_gets_the_first_one<E: Engine>() {
    let store = E::create().await.store();
    let mut subscription = follow(&store, 0, 10);
    let (_, batch) = tokio::join!(append(&*store, one("a")), next(&mut subscription));
    assert_eq!(batch.events[0].position.get(), 1);
}

pub async fn a_subscriber_goes_on_after_its_checkpoint<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(5))).await;
    let mut first = follow(&store, 0, 2);
    let seen = next(&mut first).await.seen;
    drop(first);
    let mut second = follow(&store, seen.get(), 10);
    let rest = take(&mut second, 3).await;
    assert_eq!(rest.iter().map(|event| event.position.get()).collect::<Vec<_>>(), [3, 4, 5]);
}

pub async fn a_batch_has_no_more_events_than_asked_for<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(10))).await;
    let mut subscription = follow(&store, 0, 3);
    let mut sizes = Vec::new();
    for _ in 0..4 {
        sizes.push(next(&mut subscription).await.events.len());
    }
    assert_eq!(sizes, [3, 3, 3, 1]);
}

pub async fn a_subscriber_that_asks_for_no_events_at_a_time_gets_one<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(2))).await;
    let mut subscription = follow(&store, 0, 0);
    assert_eq!(next(&mut subscription).await.events.len(), 1);
    assert_eq!(next(&mut subscription).await.events.len(), 1);
}

pub async fn the_last_batch_of_catching_up_is_live<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(5))).await;
    let mut subscription = follow(&store, 0, 3);
    assert!(!next(&mut subscription).await.is_live);
    assert!(next(&mut subscription).await.is_live);
}

pub async fn a_subscriber_gets_only_what_it_wants<E: Engine>() {
    let store = E::create().await.store();
    let mut subscription = follow_tag(&store, "red", 10);
    let writes = async {
        for number in 0..20 {
            let tags: &[&str] = if number % 4 == 3 { &["red"] } else { &["blue"] };
            append(&*store, some(number, vec![tagged("thing.painted", tags)])).await;
        }
    };
    let (_, found) = tokio::join!(writes, take(&mut subscription, 5));
    let positions: Vec<_> = found.iter().map(|event| event.position.get()).collect();
    assert_eq!(positions, [4, 8, 12, 16, 20]);
}

pub async fn a_checkpoint_moves_on_over_what_is_not_wanted<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(30))).await;
    let mut subscription = follow_tag(&store, "never", 10);
    let mut seen = Position::START;
    while seen.get() < 30 {
        let batch = next(&mut subscription).await;
        assert!(batch.events.is_empty() && batch.seen > seen);
        seen = batch.seen;
    }
}

pub async fn what_was_passed_over_is_not_looked_at_again<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(3))).await;
    let mut subscription = follow_tag(&store, "never", 10);
    while next(&mut subscription).await.seen.get() < 3 {}
    for seen in 4..10 {
        let (batch, _) = tokio::join!(next(&mut subscription), append(&*store, one("a")));
        assert_eq!(batch.seen.get(), seen, "it delivered before anything had come");
    }
}

pub async fn an_event_that_comes_while_a_subscriber_looks_is_not_missed<E: Engine>() {
    let store = E::create().await.store();
    let mut subscription = follow(&store, 0, 10);
    for version in 1..=300 {
        let writer = racing(1, |_| {
            let store = Arc::clone(&store);
            async move { append(&*store, one("a")).await }
        });
        // One after the other in this task, side by side with the task that writes.
        let (batch, _) = tokio::join!(next(&mut subscription), writer);
        assert_eq!(batch.events[0].version.get(), version);
    }
    for version in 301..=310 {
        let (batch, _) = tokio::join!(next(&mut subscription), append(&*store, one("a")));
        assert_eq!(batch.events[0].version.get(), version);
    }
}

pub async fn a_subscriber_ahead_of_the_log_is_told_so<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    let error = soon(follow(&store, 2, 10).next()).await.expect_err("the log has one event");
    assert!(
        matches!(error, ReadError::AheadOfLog { asked, head, .. } if (asked.get(), head.get()) == (2, 1)),
        "found {error}"
    );
}

pub async fn a_wait_that_is_given_up_loses_nothing<E: Engine>() {
    let store = E::create().await.store();
    let mut subscription = follow(&store, 0, 10);
    for position in 1..=20 {
        assert!(is_waiting(subscription.next()).await, "there was nothing to deliver");
        append(&*store, one("a")).await;
        // Given up once more, now that there may be something: it must come again.
        let _given_up = is_waiting(subscription.next()).await;
        let mut checkpoint = follow(&store, position - 1, 10);
        let batch = next(&mut checkpoint).await;
        assert_eq!(batch.events[0].position.get(), position);
        subscription = follow(&store, position, 10);
    }
}

pub async fn a_wait_that_is_given_up_and_taken_up_again_sees_every_event<E: Engine>() {
    let store = E::create().await.store();
    let mut subscription = follow(&store, 0, 3);
    let writers = write_racing(&store, 4, 25);
    let reader = async {
        let mut taken: Vec<Envelope> = Vec::new();
        let mut patience = 0;
        while taken.len() < 200 {
            patience = (patience + 1) % 7;
            let give_up = async {
                for _ in 0..patience {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                batch = subscription.next() => {
                    taken.extend(batch.expect("the log can be read").events);
                }
                () = give_up => {}
            }
        }
        taken
    };
    let (_, taken) = soon(async { tokio::join!(writers, reader) }).await;
    assert_eq!(taken, log(&*store).await);
}

pub async fn a_subscriber_sees_exactly_what_many_writers_commit<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("before", events(50))).await;
    let mut subscription = follow(&store, 0, 7);
    let (_, taken) =
        tokio::join!(write_racing(&store, 16, 20), take(&mut subscription, 50 + 16 * 20 * 2));
    assert_dense(&taken);
    assert_eq!(taken, log(&*store).await);
}

pub async fn many_subscribers_see_the_same<E: Engine>() {
    let store = E::create().await.store();
    let readers = racing(24, |number| {
        let mut subscription = follow(&store, 0, 1 + usize::from(number % 2 == 0) * 20);
        async move { take(&mut subscription, 200).await }
    });
    let (_, taken) = tokio::join!(write_racing(&store, 4, 25), readers);
    let log = log(&*store).await;
    assert!(taken.iter().all(|taken| *taken == log), "a subscriber saw something else");
}

pub async fn a_slow_subscriber_holds_up_nobody_and_misses_nothing<E: Engine>() {
    let store = E::create().await.store();
    let mut slow = follow(&store, 0, 3);
    append(&*store, one("a")).await;
    next(&mut slow).await;
    // It takes nothing more while all others come to their end.
    write_racing(&store, 8, 50).await;
    let mut quick = follow(&store, 0, 1_000);
    assert_eq!(take(&mut quick, 801).await.len(), 801);
    let rest = take(&mut slow, 800).await;
    assert_eq!(rest, log(&*store).await[1..]);
}

pub async fn a_subscriber_goes_on_across_reopening<E: Engine>() {
    let mut engine = E::create().await;
    let mut taken = Vec::new();
    for round in 0..4 {
        let store = engine.store();
        let mut subscription = follow(&store, taken.len() as u64, 3);
        let writers = write_racing(&store, 4, 5);
        let (_, found) = tokio::join!(writers, take(&mut subscription, 20 + round));
        taken.extend(found);
        drop((subscription, store));
        engine.reopen().await;
    }
    let store = engine.store();
    let rest = 160 - taken.len();
    taken.extend(take(&mut follow(&store, taken.len() as u64, 100), rest).await);
    assert_eq!(taken, log(&*store).await);
}

pub async fn a_subscriber_sees_what_came_of_commands<E: Engine>() {
    let store = E::create().await.store();
    let mut subscription = follow(&store, 0, 10);
    let (_, batch) = tokio::join!(void(&*store, command(1)), next(&mut subscription));
    assert_eq!(batch.events[0].event_type.as_str(), "$voided");
}
