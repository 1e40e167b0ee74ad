//! A log that was restored from a copy has another epoch, and readers ahead of it notice.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::Position;
use ondol_store::{EventStore, ReadAll};
use ondol_store_postgres::{PostgresOptions, PostgresStore};
use ondol_testkit::servers;

use crate::given::{fresh_log, log, one, open, options};

fn dump(database: &str, schema: &str) -> String {
    let output = Command::new("pg_dump")
        .args(["--schema", schema, &servers::postgres().url(database)])
        .output()
        .expect("pg_dump is installed beside the server");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the dump is text")
}

fn load(url: &str, sql: &str) {
    use std::io::Write as _;
    let mut psql = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", url])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("psql is installed beside the server");
    psql.stdin.take().expect("it is piped").write_all(sql.as_bytes()).expect("it reads");
    assert!(psql.wait().expect("it ends").success());
}

#[tokio::test]
async fn a_log_that_is_opened_again_keeps_its_epoch() {
    let options = fresh_log();
    let first = open(&options).await;
    let epoch = first.head().await.expect("it can be read").epoch;
    first.close().await.expect("it was well");
    assert_eq!(open(&options).await.head().await.expect("it can be read").epoch, epoch);
}

#[tokio::test]
async fn a_dump_that_is_loaded_elsewhere_is_another_life_with_the_same_events() {
    let server = servers::postgres();
    let old = options(&server.fresh_database());
    let store = open(&old).await;
    for number in 0..10 {
        store.append(one(number)).await.expect("all is well");
    }
    let before = store.head().await.expect("it can be read");
    let new = options(&server.fresh_database());
    load(&new.url, &dump(old.url.rsplit('/').next().expect("a url"), "ondol"));
    let restored = open(&new).await;
    let after = restored.head().await.expect("it can be read");
    assert_eq!(after.position, before.position);
    assert_ne!(after.epoch, before.epoch, "nobody would notice");
    assert_eq!(log(&restored).await, log(&store).await);
    restored.append(one(1)).await.expect("the copy can be written to");
}

#[tokio::test]
async fn a_reader_ahead_of_a_restored_log_is_told_so_and_a_running_store_stops() {
    let server = servers::postgres();
    let options = options(&server.fresh_database());
    let database = options.url.rsplit('/').next().expect("a url").to_owned();
    let store = open(&options).await;
    store.append(one(1)).await.expect("all is well");
    let old = dump(&database, "ondol");
    for number in 0..5 {
        store.append(one(number)).await.expect("all is well");
    }
    // The restore: under the feet of a store that is open.
    load(&options.url, &format!("BEGIN; DROP SCHEMA ondol CASCADE;\n{old}\nCOMMIT;"));
    let stopped = async {
        loop {
            match store.append(one(1)).await {
                Err(error) if error.code() == "log-stopped" => return,
                Err(_) => {}
                Ok(appended) => unreachable!("it went on writing: {appended:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), stopped).await.expect("it notices");
    let again = open(&options).await;
    let ahead = again.read_all(ReadAll::after(Position::new(6), 10)).await;
    let error = ahead.expect_err("the reader has seen more than there is");
    assert_eq!(error.code(), "log-reader-ahead", "found {error}");
    let lives = server.query(&database, "SELECT began_after FROM ondol.epochs ORDER BY began_at");
    assert_eq!(lives.expect("it answers"), "0\n1");
}

/// A log of two events of one stream, restored to the first under the feet of a store that is open; another
/// process has come, and has written more since than was lost.
async fn restored_and_gone_on(options: &PostgresOptions) -> Arc<PostgresStore> {
    let database = options.url.rsplit('/').next().expect("a url").to_owned();
    let store = open(options).await;
    store.append(one(1)).await.expect("all is well");
    let old = dump(&database, "ondol");
    store.append(one(1)).await.expect("all is well");
    load(&options.url, &format!("BEGIN; DROP SCHEMA ondol CASCADE;\n{old}\nCOMMIT;"));
    let other = open(options).await;
    for number in 2..7 {
        other.append(one(number)).await.expect("the copy can be written to");
    }
    store
}

#[tokio::test]
async fn another_life_of_a_log_is_not_written_to_by_who_knew_the_one_before() {
    let options = options(&servers::postgres().fresh_database());
    // Whoever watches the log from beside comes too late: the writer notices by itself.
    let options = PostgresOptions { poll_interval_ms: 3_600_000, ..options };
    let store = restored_and_gone_on(&options).await;
    let refused = store.append(one(1)).await.expect_err("what it knows of the stream is not so");
    assert_eq!(refused.code(), "log-stopped", "found {refused}");
    let again = open(&options).await;
    assert_eq!(log(&again).await.len(), 6, "nothing was written");
    again.append(one(1)).await.expect("whoever comes anew knows nothing else");
    assert_eq!(log(&again).await.len(), 7, "its versions are dense");
}

#[tokio::test]
async fn who_only_watches_a_log_notices_its_other_life_as_well() {
    let options = options(&servers::postgres().fresh_database());
    let store = restored_and_gone_on(&options).await;
    let stopped = async {
        while store.read_all(ReadAll::after(Position::START, 10)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), stopped).await.expect("it notices");
}

#[tokio::test]
async fn a_log_that_lost_its_end_is_not_written_to_by_who_has_seen_it() {
    // Whoever watches the log from beside comes too late: the writer notices by itself.
    let options = PostgresOptions { poll_interval_ms: 3_600_000, ..fresh_log() };
    let store = open(&options).await;
    for number in 0..5 {
        store.append(one(number)).await.expect("all is well");
    }
    let schema = &options.schema;
    load(&options.url, &format!("DELETE FROM {schema}.events WHERE position > 3;"));
    let refused = store.append(one(1)).await.expect_err("positions would be given out again");
    assert_eq!(refused.code(), "log-stopped", "found {refused}");
    drop(store);
    let again = open(&options).await;
    assert_eq!(log(&again).await.len(), 3, "nothing was written");
}
