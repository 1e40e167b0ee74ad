//! The log over TLS: with the server that an authority vouches for, and with no other.

use ondol_store::EventStore as _;
use ondol_testkit::servers::{Authority, Postgres};

use crate::given::{log, one, open, options, try_open};

fn url(server: &Postgres, query: &str) -> String {
    format!("{}?{query}", server.url("postgres").replace("127.0.0.1", "localhost"))
}

fn verified(server: &Postgres, roots: &Authority) -> String {
    url(server, &format!("sslmode=verify-full&sslrootcert={}", roots.file().display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_log_goes_over_tls_when_that_is_asked_for() {
    let authority = Authority::new();
    let identity = authority.certify(&["localhost"]);
    let server = Postgres::options().tls(&identity.chain, &identity.key).start();
    let server = server.expect("a server that speaks TLS");
    let store = open(&options(&verified(&server, &authority))).await;
    for number in 0..20 {
        store.append(one(number)).await.expect("it is written");
    }
    assert_eq!(log(&store).await.len(), 20);
    let asked = "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl \
                 JOIN pg_stat_activity USING (pid) WHERE application_name = 'ondol'";
    let found = server.query("postgres", asked).expect("it answers");
    let (all, encrypted) = found.split_once('|').expect("there are two columns");
    assert_eq!(all, encrypted, "one who writes, reads or watches is not encrypted");
    assert!(all.parse::<u32>().expect("a number") >= 3, "found {all}");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_refused_and_nothing_is_written() {
    let authority = Authority::new();
    let identity = authority.certify(&["elsewhere.example"]);
    let server = Postgres::options().tls(&identity.chain, &identity.key).start();
    let server = server.expect("a server that speaks TLS");
    for (url, code) in [
        (verified(&server, &Authority::new()), "postgres-certificate"),
        (verified(&server, &authority), "postgres-certificate"),
        (url(&server, "sslmode=verify-ca&sslrootcert=/no/such"), "postgres-root-certificates"),
    ] {
        let refused = try_open(&options(&url)).await.expect_err("it must not open");
        assert_eq!(refused.code(), code, "found {refused}");
    }
    let made = server.query("postgres", "SELECT to_regnamespace('ondol') IS NULL");
    assert_eq!(made.expect("it answers"), "t");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_by_those_who_insist() {
    let place = ondol_testkit::servers::postgres().fresh_database();
    let refused = try_open(&options(&format!("{place}?sslmode=require"))).await;
    assert_eq!(refused.expect_err("it must not open").code(), "postgres-without-tls");
    open(&options(&format!("{place}?sslmode=prefer"))).await;
}
