//! What is refused at the start, and that opening makes the log exactly once.

use ondol_store::EventStore;
use ondol_store_postgres::{OpenError, PostgresOptions};
use ondol_testkit::servers::{self, Postgres};
use tokio::task::JoinSet;

use crate::given::{fresh_log, log, one, open, options, try_open};

async fn refused(options: &PostgresOptions) -> OpenError {
    try_open(options).await.expect_err("the log must not open")
}

#[tokio::test]
async fn a_server_without_fsync_is_refused() {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let server = Postgres::options().setting(setting, "off").start().expect("a server");
        let error = refused(&options(&server.url("postgres"))).await;
        assert_eq!(error.code(), "store-postgres-not-durable", "found {error}");
        let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'ondol'";
        assert_eq!(server.query("postgres", schemas).expect("it answers"), "0");
    }
}

#[tokio::test]
async fn a_role_or_database_that_commits_without_waiting_is_refused() {
    let server = servers::postgres();
    for object in ["DATABASE careless", "ROLE careless IN DATABASE careless"] {
        let sql = "DROP DATABASE IF EXISTS careless WITH (FORCE)";
        server.query("postgres", sql).expect("we may");
        server.query("postgres", "DROP ROLE IF EXISTS careless").expect("we may");
        server.query("postgres", "CREATE ROLE careless LOGIN SUPERUSER").expect("we may");
        let url = server.create_database("careless").expect("we may");
        let sql = format!("ALTER {object} SET synchronous_commit = off");
        server.query("postgres", &sql).expect("we may");
        let error = refused(&options(&url.replace("postgres@", "careless@"))).await;
        assert_eq!(error.code(), "store-postgres-not-durable", "found {error}");
    }
}

#[tokio::test]
async fn a_schema_of_somebody_else_is_refused_and_left_alone() {
    let server = servers::postgres();
    for made in ["TABLE theirs.invoices (id int)", "FUNCTION theirs.f() RETURNS int RETURN 1"] {
        let url = server.fresh_database();
        let database = url.rsplit('/').next().expect("a url has slashes").to_owned();
        let sql = format!("CREATE SCHEMA theirs; CREATE {made}");
        server.query(&database, &sql).expect("we may");
        let options = PostgresOptions { schema: "theirs".to_owned(), ..options(&url) };
        let error = refused(&options).await;
        assert_eq!(error.code(), "store-postgres-foreign-schema", "found {error}");
        let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'theirs'::regnamespace \
             AND relname <> 'invoices'";
        assert_eq!(server.query(&database, tables).expect("it answers"), "0");
    }
}

#[tokio::test]
async fn an_empty_schema_that_somebody_has_made_for_us_is_used() {
    let server = servers::postgres();
    let url = server.fresh_database();
    let database = url.rsplit('/').next().expect("a url has slashes").to_owned();
    server.query(&database, "CREATE SCHEMA ondol").expect("we may");
    let store = open(&options(&url)).await;
    store.append(one(1)).await.expect("the log is there");
}

#[tokio::test]
async fn a_log_of_a_later_format_is_refused() {
    let options = fresh_log();
    open(&options).await.close().await.expect("it was well");
    let sql = format!("INSERT INTO {}.ondol_migrations (format) VALUES (999)", options.schema);
    servers::postgres().query("postgres", &sql).expect("we may");
    let error = refused(&options).await;
    assert_eq!(error.code(), "store-postgres-format-too-new", "found {error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_of() {
    let error = refused(&options("postgres://kim@127.0.0.1:1/bank")).await;
    assert_eq!(error.code(), "store-postgres-unavailable", "found {error}");
}

#[tokio::test]
async fn options_that_cannot_be_used_are_refused_before_anything_is_asked() {
    let error = refused(&PostgresOptions { readers_max: 0, ..fresh_log() }).await;
    assert_eq!(error.code(), "store-postgres-options", "found {error}");
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let server = servers::postgres();
    let sql = "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
    server.query("postgres", sql).expect("we may");
    let error = refused(&options(&server.url("latin"))).await;
    assert_eq!(error.code(), "store-postgres-encoding", "found {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_that_begin_at_once_make_one_log() {
    let options = fresh_log();
    let mut openings = JoinSet::new();
    for number in 0..12 {
        let options = options.clone();
        openings.spawn(async move {
            let store = open(&options).await;
            store.append(one(number)).await.expect("the log is whole");
            store.head().await.expect("it can be read").epoch
        });
    }
    let mut epochs = openings.join_all().await;
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "they disagree on the life of the log");
    assert_eq!(log(&*open(&options).await).await.len(), 12);
}
