//! Views over TLS: with the server that an authority vouches for, and with no other.

use std::sync::Arc;

use ondol_doors::SystemClock;
use ondol_testkit::servers::{Authority, Postgres};
use ondol_views::ViewStore as _;
use ondol_views_postgres::{OpenError, Options, PostgresViews};

async fn open(server: &Postgres, roots: &Authority) -> Result<PostgresViews, OpenError> {
    let place = server.url("postgres").replace("127.0.0.1", "localhost");
    let url = format!("{place}?sslmode=verify-full&sslrootcert={}", roots.file().display());
    PostgresViews::open(Options::at(url), Arc::new(SystemClock::start())).await
}

#[tokio::test]
async fn views_are_kept_with_a_server_that_is_vouched_for_and_with_no_other() {
    let authority = Authority::new();
    let identity = authority.certify(&["localhost"]);
    let server = Postgres::options().tls(&identity.chain, &identity.key).start();
    let server = server.expect("a server that speaks TLS");
    let refused = open(&server, &Authority::new()).await.expect_err("nobody vouches for it");
    assert_eq!(refused.code(), "postgres-certificate");
    let made = server.query("postgres", "SELECT to_regnamespace('ondol_views') IS NULL");
    assert_eq!(made.expect("it answers"), "t", "something was written");
    let views = open(&server, &authority).await.expect("it is vouched for");
    assert_eq!(views.list().await.expect("it is read").len(), 0);
}
