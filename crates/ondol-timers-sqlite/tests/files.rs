//! Files that are opened again, and files that are not what they should be.

use ondol_timers::TimerStore;
use ondol_timers::conformance::given::{all_due, at, book, set, timer, write};
use ondol_timers_sqlite::{OpenError, Options, SqliteTimers};
use rusqlite::Connection;

#[tokio::test]
async fn timers_sleep_on_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let options = Options::at(folder.path().join("timers.db"));
    let store = SqliteTimers::open(&options).expect("it is opened");
    store.write(write(0, 3, vec![set("a", "end", 3, 10)])).await.expect("it is written");
    drop(store);
    let store = SqliteTimers::open(&options).expect("it is opened");
    assert_eq!(all_due(&store, 10).await, [timer("a", "end", 3, 10)]);
    assert_eq!(store.checkpoint(&book()).await.expect("it is read"), Some(at(3)));
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("other.db");
    let other = Connection::open(&path).expect("it is made");
    other.execute_batch("CREATE TABLE customers (name TEXT)").expect("it is made");
    let refused = SqliteTimers::open(&Options::at(&path)).expect_err("it is refused");
    assert!(matches!(refused, OpenError::Foreign { .. }), "found {refused:?}");
}

#[test]
fn a_file_of_a_newer_format_is_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("timers.db");
    drop(SqliteTimers::open(&Options::at(&path)).expect("it is opened"));
    let connection = Connection::open(&path).expect("it is there");
    connection.pragma_update(None, "user_version", 99).expect("it is changed");
    let refused = SqliteTimers::open(&Options::at(&path)).expect_err("it is refused");
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "found {refused:?}");
}

#[test]
fn all_that_is_wrong_with_the_options_is_told_at_once() {
    let options = Options { cache_bytes: 1, ..Options::at("") };
    let refused = SqliteTimers::open(&options).expect_err("it is refused");
    assert_eq!(refused.code(), "timer-store-options");
    assert_eq!(options.validate().expect_err("it is refused").problems.len(), 2);
}
