//! Several instances of one log, as several processes open it: the promises are the same.

use std::sync::Arc;

use ondol_kernel::{Metadata, Position};

use super::SharedEngine;
use super::given::{
    accepted, append, assert_dense, command, count_ok, events, exactly, expecting, head, log, one,
    outcome, racing, some, soon, stream, tag, tagged, version, void,
};
use crate::{Condition, EventStore, Filter, Outcome, Replica, Subscription};

/// An engine and three instances of its log.
async fn three<E: SharedEngine>() -> (E, [Arc<dyn Replica>; 3]) {
    let engine = E::create().await;
    let stores = [engine.store(), engine.another().await, engine.another().await];
    (engine, stores)
}

fn of(stores: &[Arc<dyn Replica>; 3], number: u64) -> Arc<dyn Replica> {
    Arc::clone(&stores[usize::try_from(number % 3).expect("three fits")])
}

pub async fn what_one_instance_writes_another_reads<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    append(&*stores[0], some("a", events(2)).by(command(1))).await;
    for store in &stores {
        assert_eq!(head(&**store).await.get(), 2);
        assert_eq!(log(&**store).await.len(), 2);
        assert_eq!(stream(&**store, "a").await.len(), 2);
        assert_eq!(outcome(&**store, command(1)).await, Some(accepted(1, 2)));
    }
}

pub async fn all_instances_know_the_same_epoch<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    let epoch = async |at: usize| stores[at].head().await.expect("it can be read").epoch;
    assert_eq!(epoch(0).await, epoch(1).await);
    assert_eq!(epoch(0).await, epoch(2).await);
    assert_eq!(stores[1].watch().borrow().epoch, epoch(0).await);
}

pub async fn writers_of_several_instances_leave_no_gap<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    racing(24, |number| {
        let store = of(&stores, number);
        async move {
            for round in 0..20 {
                append(&*store, some((number + round) % 5, events(2))).await;
            }
        }
    })
    .await;
    let log = log(&*stores[0]).await;
    assert_eq!(log.len(), 960);
    assert_dense(&log);
}

pub async fn of_writers_of_one_version_at_several_instances_one_wins<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    for version in 0..10 {
        let results = racing(24, |number| {
            let store = of(&stores, number);
            async move { soon(store.append(expecting("a", exactly(version)))).await }
        })
        .await;
        assert_eq!(count_ok(&results), 1);
    }
}

pub async fn repeats_at_several_instances_take_effect_once<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    for round in 0..5 {
        let results = racing(60, |number| {
            let store = of(&stores, number);
            async move { append(&*store, some("a", events(2)).by(command(round))).await }
        })
        .await;
        assert!(results.iter().all(|result| result.outcome == results[0].outcome));
        assert_eq!(results.iter().filter(|result| !result.repeated).count(), 1);
    }
    assert_eq!(head(&*stores[1]).await.get(), 10);
}

pub async fn voids_and_appends_at_several_instances_agree<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    for round in 0..20 {
        let results = racing(6, |number| {
            let store = of(&stores, number);
            async move {
                if number % 2 == 0 {
                    return void(&*store, command(round)).await;
                }
                append(&*store, one(round).by(command(round))).await.outcome
            }
        })
        .await;
        assert!(results.iter().all(|result| *result == results[0]), "the answers differ");
        let is_written = version(&*stores[0], round).await.get() == 1;
        assert_eq!(is_written, matches!(results[0], Outcome::Accepted { .. }));
    }
}

pub async fn claims_at_several_instances_are_taken_once<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    for round in 0..5 {
        let name = format!("email:{round}");
        let results = racing(48, |number| {
            let (store, name) = (of(&stores, number), name.clone());
            async move {
                let claim = some(number, vec![tagged("customer.signed_up", &[&name])]);
                // Plain appends with the tag race the claims as well.
                if number == 0 {
                    return soon(store.append(claim)).await;
                }
                soon(store.append(claim.when(Condition::never(tag(&name))))).await
            }
        })
        .await;
        // The plain one always; before it, one claim at most.
        assert!((1..=2).contains(&count_ok(&results)), "taken {}", count_ok(&results));
    }
}

pub async fn a_subscriber_of_one_instance_sees_what_others_write<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    let store: Arc<dyn EventStore> = Arc::<dyn Replica>::clone(&stores[0]);
    let mut subscription = Subscription::new(store, Position::START, Filter::default(), 9);
    let writers = racing(8, |number| {
        let store = of(&stores, number + 1 + number / 2);
        async move {
            for _ in 0..25 {
                append(&*store, some(number, events(2))).await;
            }
        }
    });
    let reader = async {
        let mut taken = Vec::new();
        while taken.len() < 400 {
            taken.extend(subscription.next().await.expect("the log can be read").events);
        }
        taken
    };
    let (_, taken) = soon(async { tokio::join!(writers, reader) }).await;
    assert_eq!(taken, log(&*stores[2]).await);
}

pub async fn who_watches_one_instance_is_told_of_what_others_write<E: SharedEngine>() {
    let (_engine, stores) = three::<E>().await;
    let mut watch = stores[0].watch();
    for _ in 0..5 {
        let last = append(&*stores[1], one("a")).await.outcome.last();
        soon(watch.wait_for(|head| head.position >= last)).await.expect("the log goes on");
    }
}

pub async fn instances_come_and_go_while_others_write<E: SharedEngine>() {
    let engine = E::create().await;
    let store = engine.store();
    let writer = async {
        for _ in 0..100 {
            append(&*store, one("a")).await;
        }
    };
    let visitors = async {
        for number in 0..10 {
            let visitor = engine.another().await;
            append(&*visitor, one("b").by(command(number))).await;
            soon(visitor.void(command(100 + number), Metadata::default()))
                .await
                .expect("it is void");
        }
    };
    let _ends = soon(async { tokio::join!(writer, visitors) }).await;
    let log = log(&*store).await;
    assert_eq!(log.len(), 120);
    assert_dense(&log);
}
