//! Sessions are ended and servers killed under writers: nothing acknowledged is lost, nothing
//! refused is there, and writing goes on by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock as _, SystemClock};
use ondol_kernel::EventId;
use ondol_store::{AppendError, EventStore};
use ondol_store_postgres::PostgresStore;
use ondol_testkit::servers::Postgres;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::given::{id, log, one, open, options, times_of};

type Told = Vec<(EventId, Result<(), AppendError>)>;

/// Writers who go on until told to stop; each notes what it was told of each append.
fn write(store: &Arc<PostgresStore>, stop: &watch::Receiver<bool>) -> JoinSet<Told> {
    let mut writers = JoinSet::new();
    for number in 0..16 {
        let (store, stop) = (Arc::clone(store), stop.clone());
        writers.spawn(async move {
            let mut told = Vec::new();
            while !*stop.borrow() {
                let append = one(number);
                let id = id(&append);
                let answer = store.append(append).await.map(drop);
                if answer.is_err() {
                    // As anybody would: a moment, then on.
                    SystemClock::start().sleep(Duration::from_millis(5)).await;
                }
                told.push((id, answer));
            }
            told
        });
    }
    writers
}

fn check(told: &Told, times: &BTreeMap<EventId, usize>) {
    for (id, answer) in told {
        let found = times.get(id).copied().unwrap_or(0);
        match answer {
            Ok(()) => assert_eq!(found, 1, "{id} was acknowledged"),
            Err(AppendError::Unknown(_)) => assert!(found <= 1, "{id} is there twice"),
            Err(refused) => assert_eq!(found, 0, "{id} was refused: {refused}"),
        }
    }
}

/// Waits until so many more events are there.
async fn progress(store: &PostgresStore, events: u64) {
    let mut heads = store.watch();
    let goal = heads.borrow().position.plus(events);
    let reached = heads.wait_for(|head| head.position >= goal);
    tokio::time::timeout(Duration::from_secs(60), reached)
        .await
        .expect("writing goes on")
        .expect("the log goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_ended_lose_and_repeat_nothing() {
    let server = Postgres::start().expect("a server of one's own");
    let store = open(&options(&server.url("postgres"))).await;
    let (stop, stopped) = watch::channel(false);
    let writers = write(&store, &stopped);
    for _ in 0..20 {
        progress(&store, 50).await;
        server.terminate_backends().expect("the server is there");
    }
    progress(&store, 50).await;
    stop.send_replace(true);
    let told: Told = writers.join_all().await.into_iter().flatten().collect();
    check(&told, &times_of(&log(&store).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    let mut server = Postgres::start().expect("a server of one's own");
    let store = open(&options(&server.url("postgres"))).await;
    let (stop, stopped) = watch::channel(false);
    let writers = write(&store, &stopped);
    for _ in 0..4 {
        progress(&store, 200).await;
        server.kill().expect("it was running");
        server.restart().expect("it recovers");
    }
    progress(&store, 200).await;
    stop.send_replace(true);
    let told: Told = writers.join_all().await.into_iter().flatten().collect();
    check(&told, &times_of(&log(&store).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_begins_to_commit_without_waiting_stops_a_log_that_is_open() {
    let server = Postgres::start().expect("a server of one's own");
    let store = open(&options(&server.url("postgres"))).await;
    store.append(one(1)).await.expect("all is well");
    server.query("postgres", "ALTER ROLE postgres SET synchronous_commit = off").expect("we may");
    server.terminate_backends().expect("the server is there");
    let stopped = async {
        loop {
            if let Err(error) = store.append(one(1)).await {
                return error;
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(30), stopped).await.expect("it stops");
    assert_eq!(error.code(), "log-stopped", "found {error}");
    let error = store.head().await.expect_err("it has stopped for readers as well");
    assert_eq!(error.code(), "log-stopped", "found {error}");
}
