//! An unknown outcome is settled: a command that is made void never takes effect later.

use std::sync::Arc;

use ondol_kernel::{Metadata, Payload, Position};

use super::Engine;
use super::given::{
    accepted, append, assert_dense, command, events, head, log, one, outcome, racing, some, soon,
    version, void,
};
use crate::{Append, Outcome};

fn voided(at: u64) -> Outcome {
    Outcome::Voided { at: Position::new(at) }
}

pub async fn a_command_that_never_came_is_made_void<E: Engine>() {
    let store = E::create().await.store();
    assert_eq!(void(&*store, command(1)).await, voided(1));
    assert_eq!(outcome(&*store, command(1)).await, Some(voided(1)));
}

pub async fn a_void_command_that_arrives_late_writes_nothing<E: Engine>() {
    let store = E::create().await.store();
    void(&*store, command(1)).await;
    let late = append(&*store, one("a").by(command(1))).await;
    assert_eq!((late.outcome, late.repeated), (voided(1), true));
    assert_eq!(version(&*store, "a").await.get(), 0);
}

pub async fn a_command_that_took_effect_is_not_made_void<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(2)).by(command(1))).await;
    assert_eq!(void(&*store, command(1)).await, accepted(1, 2));
    assert_eq!(head(&*store).await.get(), 2);
}

pub async fn a_command_that_was_refused_is_not_made_void<E: Engine>() {
    let store = E::create().await.store();
    let reason = Payload::json("\"no\"");
    let refusal = Append::refusal(command(1), reason, Metadata::default());
    let recorded = append(&*store, refusal).await.outcome;
    assert_eq!(void(&*store, command(1)).await, recorded);
}

pub async fn a_command_that_changed_nothing_is_not_made_void<E: Engine>() {
    let store = E::create().await.store();
    let recorded = append(&*store, Append::nothing(command(1), Metadata::default())).await.outcome;
    assert_eq!(void(&*store, command(1)).await, recorded);
}

pub async fn making_a_command_void_again_changes_nothing<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    for _ in 0..3 {
        assert_eq!(void(&*store, command(1)).await, voided(2));
    }
    assert_eq!(head(&*store).await.get(), 2);
}

pub async fn a_void_command_stays_void_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    void(&*engine.store(), command(1)).await;
    engine.reopen().await;
    let store = engine.store();
    let late = append(&*store, one("a").by(command(1))).await;
    assert_eq!((late.outcome, late.repeated), (voided(1), true));
}

pub async fn a_void_keeps_who_made_it_and_why<E: Engine>() {
    let store = E::create().await.store();
    let metadata = Metadata {
        actor: Some("saga bank.transfer".parse().expect("a good name")),
        ..Metadata::default()
    };
    soon(store.void(command(1), metadata.clone())).await.expect("it can be made void");
    let expected = Metadata { command: Some(command(1)), ..metadata };
    assert_eq!(log(&*store).await[0].metadata, expected);
}

pub async fn of_a_void_and_an_append_that_race_one_wins_and_both_agree<E: Engine>() {
    let store = E::create().await.store();
    for number in 0..50 {
        let results = racing(2, |task| {
            let store = Arc::clone(&store);
            async move {
                if task == 0 {
                    void(&*store, command(number)).await
                } else {
                    append(&*store, one(number).by(command(number))).await.outcome
                }
            }
        })
        .await;
        assert_eq!(results[0], results[1], "the answers differ");
        let written = version(&*store, number).await.get() == 1;
        assert_eq!(written, matches!(results[0], Outcome::Accepted { .. }));
    }
    assert_eq!(head(&*store).await.get(), 50, "both took effect");
}

pub async fn of_many_voids_and_appends_that_race_all_agree<E: Engine>() {
    let store = E::create().await.store();
    for number in 0..10 {
        let results = racing(40, |task| {
            let store = Arc::clone(&store);
            async move {
                if task % 4 == 0 {
                    void(&*store, command(number)).await
                } else {
                    append(&*store, some(number, events(2)).by(command(number))).await.outcome
                }
            }
        })
        .await;
        let recorded = outcome(&*store, command(number)).await.expect("one was recorded");
        assert!(results.iter().all(|result| *result == recorded), "the answers differ");
    }
    assert_dense(&log(&*store).await);
}
