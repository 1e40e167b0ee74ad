//! Files that are not what they should be, statements of one's own, and many handles at once.

use std::sync::Arc;

use ondol_kernel::{CommandId, Position, Timestamp};
use ondol_views::conformance::made_up::{advance, checkpoint, get, made, put, write};
use ondol_views::{
    KeptRefusal, Limits, RefusalBook, RefusalLimits, Target, ViewStore, Write, WriteError,
};
use ondol_views_sqlite::{OpenError, Options, ProjectError, SqliteViews};
use rusqlite::Connection;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

#[test]
fn all_that_is_wrong_with_the_options_is_told_at_once() {
    let options = Options { readers_max: 0, queue_max: 0, ..Options::default() };
    let found = options.validate().expect_err("they cannot be used").problems;
    assert_eq!(found.len(), 3, "found {found:?}");
    let refused = SqliteViews::open(options).expect_err("it is refused");
    assert_eq!(refused.code(), "view-store-options");
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("other.db");
    let other = Connection::open(&path).expect("it is made");
    other.execute_batch("CREATE TABLE customers (name TEXT)").expect("it is made");
    drop(other);
    let refused = SqliteViews::open(Options::at(&path)).expect_err("it is refused");
    assert!(matches!(refused, OpenError::Foreign { .. }), "found {refused:?}");
    let other = Connection::open(&path).expect("it is there");
    let tables: i64 = other
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .expect("it is read");
    assert_eq!(tables, 1);
}

#[test]
fn a_file_of_a_newer_format_is_refused() {
    let folder = folder();
    let path = folder.path().join("views.db");
    drop(SqliteViews::open(Options::at(&path)).expect("it is opened"));
    let connection = Connection::open(&path).expect("it is there");
    connection.pragma_update(None, "user_version", 99).expect("it is changed");
    drop(connection);
    let refused = SqliteViews::open(Options::at(&path)).expect_err("it is refused");
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "found {refused:?}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = folder();
    let path = folder.path().join("views.db");
    std::fs::write(&path, "this is a letter, not a database".repeat(100)).expect("it is written");
    let refused = SqliteViews::open(Options::at(&path)).expect_err("it is refused");
    assert_eq!(refused.code(), "view-store-unavailable");
}

#[tokio::test]
async fn documents_are_there_when_the_file_is_opened_again() {
    let folder = folder();
    let path = folder.path().join("views.db");
    let store = SqliteViews::open(Options::at(&path)).expect("it is opened");
    let id = made(&store).await;
    store.write(write(&id, 0, 1, vec![put("kim", "1", vec![])])).await.expect("it is written");
    drop(store);
    let store = SqliteViews::open(Options::at(&path)).expect("it is opened");
    assert!(get(&store, &id, "kim").await.is_some());
    assert_eq!(checkpoint(&store, &id).await, 1);
}

#[tokio::test]
async fn two_processes_may_open_one_file() {
    let folder = folder();
    let path = folder.path().join("views.db");
    let one = SqliteViews::open(Options::at(&path)).expect("it is opened");
    let two = SqliteViews::open(Options::at(&path)).expect("it is opened");
    let id = made(&one).await;
    for round in 0..20 {
        let store = if round % 2 == 0 { &one } else { &two };
        store.write(write(&id, round, round + 1, vec![])).await.expect("it is written");
    }
    assert_eq!(checkpoint(&one, &id).await, 20);
}

#[tokio::test]
async fn statements_of_ones_own_commit_with_the_checkpoint_or_not_at_all() {
    let folder = folder();
    let store = SqliteViews::open(Options::at(folder.path().join("views.db"))).expect("it opens");
    let id = made(&store).await;
    let step = |from, to| Write { advances: vec![advance(from, to)], ..Write::to(id.clone()) };
    store
        .write_with(step(0, 1), |own| own.execute_batch("CREATE TABLE totals (amount INTEGER)"))
        .await
        .expect("it is written");
    let add = "INSERT INTO totals VALUES (5)";
    store.write_with(step(1, 2), |own| own.execute(add, [])).await.expect("it is written");
    let failed = store
        .write_with(step(2, 3), |own| {
            own.execute(add, [])?;
            own.execute("INSERT INTO nowhere VALUES (1)", [])
        })
        .await;
    assert!(matches!(failed, Err(ProjectError::Statement(_))), "found {failed:?}");
    let again = store.write_with(step(1, 2), |own| own.execute(add, [])).await;
    let is_conflict = matches!(again, Err(ProjectError::Write(WriteError::Conflict { .. })));
    assert!(is_conflict, "found {again:?}");
    let sum = "SELECT sum(amount) FROM totals";
    let total: i64 =
        store.read_with(|own| own.query_row(sum, [], |row| row.get(0))).await.expect("it is read");
    assert_eq!((total, checkpoint(&store, &id).await), (5, 2));
}

#[tokio::test]
async fn statements_that_panic_are_told_and_the_writer_goes_on() {
    let folder = folder();
    let store = SqliteViews::open(Options::at(folder.path().join("views.db"))).expect("it opens");
    let id = made(&store).await;
    let failed = store
        .write_with(write(&id, 0, 1, vec![put("kim", "1", vec![])]), |own| {
            own.execute_batch("CREATE TABLE half_made (amount INTEGER)")?;
            assert!(own.is_autocommit(), "a statement of one's own panics");
            Ok(())
        })
        .await;
    assert!(matches!(failed, Err(ProjectError::Write(WriteError::Unavailable(_)))), "{failed:?}");
    assert!(get(&store, &id, "kim").await.is_none());
    store.write(write(&id, 0, 1, vec![])).await.expect("it is written");
    assert_eq!(checkpoint(&store, &id).await, 1);
}

#[tokio::test]
async fn many_readers_share_a_few_connections() {
    let folder = folder();
    let options = Options { readers_max: 2, ..Options::at(folder.path().join("views.db")) };
    let store = Arc::new(SqliteViews::open(options).expect("it opens"));
    let id = made(store.as_ref()).await;
    store.write(write(&id, 0, 1, vec![put("kim", "1", vec![])])).await.expect("it is written");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (store, target) = (Arc::clone(&store), Target::from(id.clone()));
        tasks.spawn(async move {
            let key = ondol_views::conformance::made_up::key("kim");
            store.get(&target, &key).await.expect("it is read").1.is_some()
        });
    }
    assert!(tasks.join_all().await.into_iter().all(|found| found));
}

#[tokio::test]
async fn the_write_ahead_log_does_not_grow_without_end_while_it_is_written_to() {
    let folder = folder();
    let path = folder.path().join("views.db");
    let options = Options { wal_pages: 100, ..Options::at(&path) };
    let views = SqliteViews::open(options).expect("it is opened");
    let view = made(&views).await;
    let mut longest = 0;
    for position in 0..300_u64 {
        let json = format!("{{\"text\":\"{}\"}}", position.to_string().repeat(700));
        let changes = (0..40).map(|number| put(&format!("{number:04}"), &json, Vec::new()));
        let write = write(&view, position, position + 1, changes.collect());
        views.write(write).await.expect("it is written");
        let log = std::fs::metadata(path.with_extension("db-wal")).expect("it is there");
        longest = longest.max(log.len());
    }
    // Eight times as long as it should be, and one write more.
    assert!(longest < (8 * 100 + 100) * 4_200, "it grew to {longest} bytes");
}

fn no(number: u128) -> KeptRefusal {
    KeptRefusal {
        command: CommandId::from_u128(number),
        stream: "account:kim".parse().expect("a stream"),
        causation: None,
        refusal: Some(format!("\"{}\"", "no ".repeat(100))),
        which: 0,
        position: Position::START,
        kept_at: Timestamp::EPOCH,
    }
}

async fn recalled(views: &SqliteViews, number: u128) -> bool {
    let found = views.recall(CommandId::from_u128(number), Timestamp::EPOCH).await;
    found.expect("it can be asked").is_some()
}

#[tokio::test]
async fn refusals_are_there_when_the_file_is_opened_again_within_their_limits() {
    let folder = folder();
    let path = folder.path().join("views.db");
    let limited = |refusals_max| {
        let refusals = RefusalLimits { refusals_max, ..RefusalLimits::default() };
        let limits = Limits { refusals, ..Limits::default() };
        SqliteViews::open(Options { limits, ..Options::at(&path) }).expect("it is opened")
    };
    let views = limited(100);
    for number in 0..110 {
        views.keep(no(number)).await.expect("it is kept");
    }
    drop(views);
    let views = limited(100);
    assert!(
        !recalled(&views, 9).await && recalled(&views, 10).await && recalled(&views, 109).await
    );
    drop(views);
    // A smaller limit holds for what is there already.
    let views = limited(5);
    assert!(!recalled(&views, 104).await && recalled(&views, 105).await);
    views.keep(no(200)).await.expect("it is kept");
    drop(views);
    let file = Connection::open(path.with_extension("refusals.db")).expect("it is there");
    let left = "SELECT count(*) FROM ondol_refusals";
    let left: i64 = file.query_row(left, [], |row| row.get(0)).expect("it is read");
    assert!(left <= 6, "found {left}");
}

#[tokio::test]
async fn the_file_of_refusals_does_not_grow_however_many_there_are() {
    let folder = folder();
    let path = folder.path().join("views.db");
    let refusals = RefusalLimits { refusals_max: 200, ..RefusalLimits::default() };
    let limits = Limits { refusals, ..Limits::default() };
    let views = SqliteViews::open(Options { limits, ..Options::at(&path) }).expect("it is opened");
    let views = Arc::new(views);
    let size = || {
        let of = |end| std::fs::metadata(path.with_extension(end)).map_or(0, |file| file.len());
        of("refusals.db") + of("refusals.db-wal")
    };
    let mut sizes = Vec::new();
    for round in 0..10_u128 {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..1_000 {
            let views = Arc::clone(&views);
            tasks.spawn(async move { views.keep(no(round * 1_000 + number)).await });
        }
        assert!(tasks.join_all().await.iter().all(Result::is_ok));
        sizes.push(size());
    }
    let most = 6 << 20;
    assert!(sizes.iter().all(|size| *size < most), "found {sizes:?}");
    assert!(!recalled(&views, 0).await);
}
