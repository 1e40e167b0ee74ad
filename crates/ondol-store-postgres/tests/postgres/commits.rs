//! The connection dies during COMMIT: everyone is told the truth, and nothing is written twice.
//!
//! Planting "a lost commit was no commit" makes each of these fail that lets the COMMIT arrive.

use std::sync::Arc;
use std::time::Duration;

use ondol_store::{EventStore, Outcome};
use ondol_store_postgres::{PostgresOptions, PostgresStore};
use ondol_testkit::servers;
use store_proof_postgres::{Cut, Wire};
use tokio::task::JoinSet;

use crate::given::{command, fresh_log, id, log, one, open, times_of};

/// A log behind a wire, and the same log without.
async fn behind_a_wire() -> (Wire, Arc<PostgresStore>, Arc<PostgresStore>) {
    let proxy = Wire::to(servers::postgres().port()).await.expect("there is a free port");
    let direct = fresh_log();
    let options = PostgresOptions { url: proxy.url("postgres"), ..direct.clone() };
    let store = open(&options).await;
    (proxy, store, open(&direct).await)
}

/// Appends a group whose COMMIT meets a cut; every append must go through, exactly once.
async fn everything_is_written_once(cut: Cut) {
    let (proxy, store, direct) = behind_a_wire().await;
    store.append(one(0)).await.expect("the wire is whole");
    proxy.break_at_commit(cut);
    let mut appends = JoinSet::new();
    for number in 0..40 {
        let store = Arc::clone(&store);
        appends.spawn(async move {
            let plain = one(number % 7);
            let append = if number % 2 == 0 { plain } else { plain.by(command(number)) };
            let id = id(&append);
            (id, store.append(append).await.expect("the outcome is found out"))
        });
    }
    let told = appends.join_all().await;
    assert!(proxy.has_broken(), "no COMMIT came by");
    let events = log(&direct).await;
    let times = times_of(&events);
    for (id, appended) in told {
        assert!(!appended.repeated, "{id} was told that it came before");
        assert_eq!(times.get(&id), Some(&1), "{id} was acknowledged");
        let Outcome::Accepted { first, .. } = appended.outcome else {
            unreachable!("it has events")
        };
        let index = usize::try_from(first.get() - 1).expect("a short log");
        assert_eq!(events[index].id, id, "it was told another position");
    }
    assert_eq!(events.len(), 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_made_again() {
    everything_is_written_once(Cut::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_torn_at_any_byte_is_made_again() {
    for bytes in 1..11 {
        everything_is_written_once(Cut::After(bytes)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_nobody_waited_for_is_not_made_twice() {
    everything_is_written_once(Cut::WithoutWaiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_not_made_twice() {
    everything_is_written_once(Cut::BeforeTheAnswer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_arrives_late_is_waited_for() {
    everything_is_written_once(Cut::Late(Duration::from_millis(400))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cannot_be_found_out_is_unknown_and_never_guessed() {
    let mut server = servers::Postgres::start().expect("a server of one's own");
    let proxy = Wire::to(server.port()).await.expect("there is a free port");
    let options = PostgresOptions {
        url: proxy.url("postgres"),
        settle_timeout_ms: 200,
        ..crate::given::options(&proxy.url("postgres"))
    };
    let store = open(&options).await;
    // The COMMIT arrives after the server is stopped for good, or was never made.
    proxy.break_at_commit(Cut::Late(Duration::from_secs(30)));
    let waiting = {
        let store = Arc::clone(&store);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { store.append(one(1)).await });
        tasks
    };
    while !proxy.has_broken() {
        tokio::task::yield_now().await;
    }
    server.kill().expect("it was running");
    let told = waiting.join_all().await.pop().expect("one append");
    let error = told.expect_err("nobody can know");
    assert_eq!(error.code(), "log-outcome-unknown", "found {error}");
}
