//! Where the log ends, who is told, and what is there after it was opened again.

use std::sync::Arc;

use ondol_kernel::{Metadata, Payload, Position};

use super::Engine;
use super::given::{
    accepted, append, assert_dense, command, event, events, expecting, head, log, one, outcome,
    racing, some, soon, tagged, thing, version, void,
};
use crate::{Append, Expected, Head, ReadAll};

pub async fn a_log_without_events_ends_at_its_start<E: Engine>() {
    let store = E::create().await.store();
    assert_eq!(head(&*store).await, Position::START);
    assert_eq!(store.watch().borrow().position, Position::START);
}

pub async fn the_head_is_the_last_event<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(3))).await;
    assert_eq!(head(&*store).await.get(), 3);
    append(&*store, one("b").and(thing("c"), Expected::Any, events(2))).await;
    assert_eq!(head(&*store).await.get(), 6);
}

pub async fn who_watches_is_told_where_the_log_ends<E: Engine>() {
    let store = E::create().await.store();
    let mut watch = store.watch();
    for _ in 0..10 {
        let last = append(&*store, one("a")).await.outcome.last();
        let told = soon(watch.wait_for(|head| head.position >= last)).await;
        assert_eq!(told.expect("the log goes on").position, last);
    }
}

pub async fn who_watches_knows_which_log_it_is<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    let head = soon(store.head()).await.expect("the log can be read");
    let told: Head = *soon(store.watch().wait_for(|told| told.position == head.position))
        .await
        .expect("the log goes on");
    assert_eq!(told, head);
}

pub async fn what_watchers_are_told_of_can_be_read<E: Engine>() {
    let store = E::create().await.store();
    let mut watch = store.watch();
    let writers = racing(8, |number| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..50 {
                append(&*store, one(number)).await;
            }
        }
    });
    let watcher = async {
        let mut told = Position::START;
        while told.get() < 400 {
            soon(watch.changed()).await.expect("the log goes on");
            let now = watch.borrow_and_update().position;
            assert!(now >= told, "the head went back from {told} to {now}");
            told = now;
            let Some(before) = told.previous() else { continue };
            let page = soon(store.read_all(ReadAll::after(before, 1))).await;
            let page = page.expect("what was told of can be read");
            assert_eq!(page.events[0].position, told);
            assert!(page.head >= told);
        }
    };
    let _ends = soon(async { tokio::join!(writers, watcher) }).await;
}

pub async fn the_epoch_stays_and_the_head_stays_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    let empty = soon(engine.store().head()).await.expect("the log can be read");
    engine.reopen().await;
    assert_eq!(soon(engine.store().head()).await.expect("the log can be read"), empty);
    append(&*engine.store(), some("a", events(3))).await;
    engine.reopen().await;
    let store = engine.store();
    let reopened = soon(store.head()).await.expect("the log can be read");
    assert_eq!((reopened.epoch, reopened.position.get()), (empty.epoch, 3));
    assert_eq!(*store.watch().borrow(), reopened);
}

pub async fn two_logs_have_two_epochs<E: Engine>() {
    let (one, other) = (E::create().await, E::create().await);
    let epoch = async |engine: &E| engine.store().head().await.expect("it can be read").epoch;
    assert_ne!(epoch(&one).await, epoch(&other).await);
}

pub async fn two_logs_do_not_mix<E: Engine>() {
    let (a, b) = (E::create().await, E::create().await);
    append(&*a.store(), one("a").by(command(1))).await;
    assert_eq!(log(&*b.store()).await, Vec::new());
    assert_eq!(outcome(&*b.store(), command(1)).await, None);
    assert!(!append(&*b.store(), expecting("a", Expected::NoStream).by(command(1))).await.repeated);
}

pub async fn a_log_without_events_can_be_reopened<E: Engine>() {
    let mut engine = E::create().await;
    engine.reopen().await;
    engine.reopen().await;
    assert_eq!(append(&*engine.store(), one("a")).await.outcome, accepted(1, 1));
}

pub async fn everything_is_the_same_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    for round in 0..5_u64 {
        let store = engine.store();
        racing(8, |number| {
            let store = Arc::clone(&store);
            async move {
                let name = format!("round:{round}");
                let write = some(number, vec![tagged("thing.happened", &[&name]), event()]);
                append(&*store, write.by(command(round * 100 + number))).await;
            }
        })
        .await;
        let refusal = Append::refusal(
            command(round * 100 + 50),
            Payload::json("\"no\""),
            Metadata::default(),
        );
        append(&*store, refusal).await;
        let before = log(&*store).await;
        assert_eq!(before.len() as u64, (round + 1) * 17);
        drop(store);
        engine.reopen().await;
        assert_eq!(log(&*engine.store()).await, before);
        assert_dense(&before);
    }
}

pub async fn an_append_that_nobody_waits_for_is_done_or_not_done<E: Engine>() {
    let store = E::create().await.store();
    for number in 0..200 {
        let both = some(number, events(2)).and(thing("all"), Expected::Any, events(1));
        let given_up = store.append(both.by(command(number)));
        let patience = async {
            for _ in 0..number % 8 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            result = given_up => { result.expect("the append keeps every rule"); }
            () = patience => {}
        }
    }
    let mut done = 0;
    for number in 0..200 {
        // Settled, whatever is still under way.
        let is_done =
            matches!(void(&*store, command(number)).await, crate::Outcome::Accepted { .. });
        done += u64::from(is_done);
        let expected = if is_done { 2 } else { 0 };
        assert_eq!(version(&*store, number).await.get(), expected, "of append {number}");
    }
    assert_eq!(version(&*store, "all").await.get(), done);
    assert_dense(&log(&*store).await);
}

pub async fn a_reading_that_nobody_waits_for_harms_nobody<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(100))).await;
    for patience in 0..50 {
        let give_up = async {
            for _ in 0..patience % 5 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            page = store.read_all(ReadAll::after(Position::START, 100)) => {
                assert_eq!(page.expect("the log can be read").events.len(), 100);
            }
            () = give_up => {}
        }
        append(&*store, one("b")).await;
    }
    assert_eq!(log(&*store).await.len(), 150);
}
