//! Leases over TLS: with the server that an authority vouches for, and with no other.

use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_lease::{LeaseName, LeaseStore as _, Taken};
use ondol_lease_postgres::{OpenError, Options, PostgresLeases};
use ondol_testkit::servers::{Authority, Postgres};

async fn open(server: &Postgres, roots: &Authority) -> Result<PostgresLeases, OpenError> {
    let place = server.url("postgres").replace("127.0.0.1", "localhost");
    let url = format!("{place}?sslmode=verify-full&sslrootcert={}", roots.file().display());
    PostgresLeases::open(Options::at(url), Arc::new(SystemClock::start())).await
}

#[tokio::test]
async fn leases_are_kept_with_a_server_that_is_vouched_for_and_with_no_other() {
    let authority = Authority::new();
    let identity = authority.certify(&["localhost"]);
    let server = Postgres::options().tls(&identity.chain, &identity.key).start();
    let server = server.expect("a server that speaks TLS");
    let refused = open(&server, &Authority::new()).await.expect_err("nobody vouches for it");
    assert_eq!(refused.code(), "postgres-certificate");
    let made = server.query("postgres", "SELECT to_regnamespace('ondol_leases') IS NULL");
    assert_eq!(made.expect("it answers"), "t", "something was written");
    let leases = open(&server, &authority).await.expect("it is vouched for");
    let name = LeaseName::new("singletons").expect("a name");
    let (clock, rng): (SystemClock, &dyn Rng) = (SystemClock::start(), &SystemRng);
    let taken = leases.take(&name, rng.id(clock.now()), Duration::from_secs(5)).await;
    assert!(matches!(taken.expect("the server answers"), Taken::Held(_)));
}
