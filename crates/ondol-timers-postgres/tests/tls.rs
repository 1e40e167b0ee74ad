//! Timers over TLS: with the server that an authority vouches for, and with no other.

use std::sync::Arc;

use ondol_doors::SystemClock;
use ondol_testkit::servers::{Authority, Postgres};
use ondol_timers::{BookName, TimerStore as _};
use ondol_timers_postgres::{OpenError, Options, PostgresTimers};

async fn open(server: &Postgres, roots: &Authority) -> Result<PostgresTimers, OpenError> {
    let place = server.url("postgres").replace("127.0.0.1", "localhost");
    let url = format!("{place}?sslmode=verify-full&sslrootcert={}", roots.file().display());
    PostgresTimers::open(Options::at(url), Arc::new(SystemClock::start())).await
}

#[tokio::test]
async fn timers_are_kept_with_a_server_that_is_vouched_for_and_with_no_other() {
    let authority = Authority::new();
    let identity = authority.certify(&["localhost"]);
    let server = Postgres::options().tls(&identity.chain, &identity.key).start();
    let server = server.expect("a server that speaks TLS");
    let refused = open(&server, &Authority::new()).await.expect_err("nobody vouches for it");
    assert_eq!(refused.code(), "postgres-certificate");
    let made = server.query("postgres", "SELECT to_regnamespace('ondol_timers') IS NULL");
    assert_eq!(made.expect("it answers"), "t", "something was written");
    let timers = open(&server, &authority).await.expect("it is vouched for");
    let book = BookName::new("bank").expect("a name");
    assert_eq!(timers.count(&book).await.expect("it is read"), 0);
}
