//! What has bitten others on PostgreSQL, and must not bite here.

use ondol_kernel::Position;
use ondol_store::{EventStore, Filter, Subscription};
use ondol_testkit::servers::{self, Postgres};
use tokio_postgres::NoTls;

use crate::given::{fresh_log, log, one, open, options, try_open};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_somebody_else_leaves_open_holds_up_nobody() {
    let url = servers::postgres().fresh_database();
    let store = open(&options(&url)).await;
    let (idle, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a server");
    let mut driver = tokio::task::JoinSet::new();
    driver.spawn(connection);
    // It has written something, so the server has given it a number that stays open.
    idle.batch_execute("CREATE TABLE theirs (n int); BEGIN; INSERT INTO theirs VALUES (1)")
        .await
        .expect("we may");
    let mut events = Subscription::new(store.clone(), Position::START, Filter::default(), 100);
    for number in 0..20 {
        store.append(one(number)).await.expect("nobody is in the way");
        let batch = events.next().await.expect("it is read");
        assert_eq!(batch.seen.get(), number + 1, "a reader waits for the idle transaction");
    }
    idle.batch_execute("COMMIT").await.expect("it is still open");
    assert_eq!(log(&store).await.len(), 20);
}

#[tokio::test]
async fn a_replica_is_refused() {
    let mut server = Postgres::start().expect("a server");
    let sql = "COPY (SELECT '') TO PROGRAM 'touch standby.signal'";
    server.query("postgres", sql).expect("we may");
    server.restart().expect("it follows nobody, and waits");
    let refused = try_open(&options(&server.url("postgres"))).await.expect_err("it is a replica");
    assert_eq!(refused.code(), "store-postgres-replica", "found {refused}");
}

#[tokio::test]
async fn nothing_is_drawn_from_sequences_and_every_index_is_a_tree() {
    let options = fresh_log();
    let store = open(&options).await;
    let mut claim = one(1);
    claim.writes[0].events[0].metadata.tags.push("seat:12A".parse().expect("a good tag"));
    store.append(claim).await.expect("it is written");
    let ask = |sql: String| servers::postgres().query("postgres", &sql).expect("it answers");
    let of_ours = format!("relnamespace = '{}'::regnamespace", options.schema);
    let sequences = ask(format!("SELECT count(*) FROM pg_class WHERE relkind = 'S' AND {of_ours}"));
    assert_eq!(sequences, "0", "a position that is drawn outside the lock appears late");
    let others = ask(format!(
        "SELECT count(*) FROM pg_class JOIN pg_am ON pg_am.oid = relam \
         WHERE relkind = 'i' AND amname <> 'btree' AND {of_ours}"
    ));
    assert_eq!(others, "0", "other indexes collapse under many tags");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_advisory_lock_and_no_notification_is_relied_on() {
    let server = Postgres::options().setting("log_statement", "all").start().expect("a server");
    let store = open(&options(&server.url("postgres"))).await;
    for number in 0..10 {
        store.append(one(number)).await.expect("it is written");
    }
    assert_eq!(log(&store).await.len(), 10);
    store.close().await.expect("it was well");
    let said = server.log().to_lowercase();
    assert!(said.contains("insert into ondol.events"), "the server writes down what it is told");
    for trap in ["advisory", "listen ", "notify ", "nextval"] {
        assert!(!said.contains(trap), "{trap} was said to the server");
    }
}
