//! TLS with a real server: encrypted when it is asked for, and never with the wrong one.

use std::sync::{Arc, OnceLock};

use ondol_doors::SystemClock;
use ondol_postgres::{ConnectError, Database, Endpoint, Fault, Mode, Session, Sessions};
use ondol_testkit::servers::{self, Authority, Postgres};

/// An authority, and a server with its certificate for `localhost`, but not for `127.0.0.1`.
struct Town {
    authority: Authority,
    server: Postgres,
}

fn town() -> &'static Town {
    static TOWN: OnceLock<Town> = OnceLock::new();
    TOWN.get_or_init(|| {
        let authority = Authority::new();
        let identity = authority.certify(&["localhost"]);
        let options = Postgres::options().tls(&identity.chain, &identity.key);
        Town { authority, server: options.start().expect("a server that speaks TLS") }
    })
}

impl Town {
    fn url(&self, host: &str, query: &str) -> String {
        format!("{}?{query}", self.server.url("postgres").replace("127.0.0.1", host))
    }

    fn roots(&self) -> String {
        format!("sslrootcert={}", self.authority.file().display())
    }
}

/// Whether the connection is encrypted, as the server sees it; or the code of why there is none.
async fn encrypted(url: &str) -> Result<bool, &'static str> {
    let endpoint = Endpoint::parse(url).expect("the address is one");
    match endpoint.connect().await {
        Ok(link) => {
            let asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            let row = link.client.query_one(asked, &[]).await.expect("the server answers");
            Ok(row.get(0))
        }
        Err(ConnectError::Tls(error)) => Err(error.code()),
        Err(_) => Err("the server is not there"),
    }
}

#[tokio::test]
async fn a_server_that_speaks_tls_is_spoken_to_as_sslmode_says() {
    let town = town();
    for (mode, is_encrypted) in [("disable", false), ("prefer", true), ("require", true)] {
        let url = town.url("127.0.0.1", &format!("sslmode={mode}"));
        assert_eq!(encrypted(&url).await, Ok(is_encrypted), "{mode}");
    }
    let usual = town.server.url("postgres");
    assert_eq!(encrypted(&usual).await, Ok(true), "prefer is what nobody has to ask for");
}

#[tokio::test]
async fn a_server_that_an_authority_vouches_for_is_believed_under_its_name_only() {
    let town = town();
    for (mode, host, expected) in [
        ("verify-full", "localhost", Ok(true)),
        ("verify-full", "127.0.0.1", Err("postgres-certificate")),
        ("verify-ca", "localhost", Ok(true)),
        ("verify-ca", "127.0.0.1", Ok(true)),
        ("require", "127.0.0.1", Ok(true)),
    ] {
        let url = town.url(host, &format!("sslmode={mode}&{}", town.roots()));
        assert_eq!(encrypted(&url).await, expected, "{mode} of {host}");
    }
}

#[tokio::test]
async fn a_server_that_no_authority_of_ours_vouches_for_is_refused() {
    let (town, stranger) = (town(), Authority::new());
    let roots = format!("sslrootcert={}", stranger.file().display());
    for mode in ["verify-full", "verify-ca", "require"] {
        let url = town.url("localhost", &format!("sslmode={mode}&{roots}"));
        assert_eq!(encrypted(&url).await, Err("postgres-certificate"), "{mode}");
    }
    for query in ["sslmode=verify-full", "sslmode=verify-ca&sslrootcert=system"] {
        let found = encrypted(&town.url("localhost", query)).await;
        // A machine without any authorities says so; every other one does not know ours.
        assert!(
            matches!(found, Err("postgres-certificate" | "postgres-root-certificates")),
            "{query}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_certificate_whose_time_is_over_is_refused() {
    let authority = Authority::new();
    let identity = authority.certify_in_the_past(&["localhost"]);
    let server = Postgres::options().tls(&identity.chain, &identity.key).start();
    let town = Town { authority, server: server.expect("a server with an old certificate") };
    let url = town.url("localhost", &format!("sslmode=verify-full&{}", town.roots()));
    assert_eq!(encrypted(&url).await, Err("postgres-certificate"));
}

#[tokio::test]
async fn a_server_without_tls_is_spoken_to_only_by_those_who_do_not_insist() {
    let url = servers::postgres().url("postgres");
    for mode in ["require", "verify-full&sslrootcert=system"] {
        let found = encrypted(&format!("{url}?sslmode={mode}")).await;
        assert!(
            matches!(found, Err("postgres-without-tls" | "postgres-root-certificates")),
            "{mode}: {found:?}"
        );
    }
    let required = encrypted(&format!("{url}?sslmode=require")).await;
    assert_eq!(required, Err("postgres-without-tls"));
    for mode in ["disable", "prefer"] {
        assert_eq!(encrypted(&format!("{url}?sslmode={mode}")).await, Ok(false), "{mode}");
    }
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_told_of_before_anything_is_sent() {
    let url = town().url("localhost", "sslmode=verify-full&sslrootcert=/no/such/file.pem");
    assert_eq!(encrypted(&url).await, Err("postgres-root-certificates"));
}

#[tokio::test]
async fn authorities_are_read_anew_with_each_connection() {
    let (town, stranger) = (town(), Authority::new());
    let file = stranger.folder().join("changing.pem");
    std::fs::copy(stranger.file(), &file).expect("there is room");
    let query = format!("sslmode=verify-full&sslrootcert={}", file.display());
    let endpoint = Endpoint::parse(&town.url("localhost", &query)).expect("the address is one");
    endpoint.connect().await.expect_err("nobody of ours vouches for it");
    std::fs::copy(town.authority.file(), &file).expect("there is room");
    endpoint.connect().await.expect("the right authority is there now");
}

#[tokio::test]
async fn sessions_go_over_tls_and_say_why_when_they_cannot() {
    let (town, stranger) = (town(), Authority::new());
    let sessions = |roots: &Authority| {
        let query = format!("sslmode=verify-full&sslrootcert={}", roots.file().display());
        let database = Database {
            url: town.url("localhost", &query),
            schema: "ondol_views".to_owned(),
            connections_max: 2,
            connect_timeout_ms: 5_000,
            transaction_timeout_ms: 60_000,
        };
        Sessions::new(database, Arc::new(SystemClock::start()))
    };
    let asked = async |session: &Session| {
        let rows =
            session.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await?;
        Ok::<bool, Fault>(rows[0].get(0))
    };
    let begin = Mode::Read.begin();
    let found = sessions(&town.authority).run(begin, |f| f, |f| f, asked).await;
    assert!(found.expect("the server is believed"));
    let found = sessions(&stranger).run(begin, |f| f, |f| f, asked).await;
    let fault = found.expect_err("nobody of ours vouches for it");
    assert!(matches!(&fault, Fault::Tls(error) if error.code() == "postgres-certificate"));
}
