//! Starts real servers, and makes sure that nothing of them is left.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ondol_testkit::servers::{self, Postgres};

/// Set for a copy of this test program that only holds a server until it is killed.
const HOLD: &str = "ONDOL_TESTKIT_HOLD";
/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(60);

fn start() -> Postgres {
    Postgres::start().expect("PostgreSQL starts")
}

fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Looks again and again, yielding in between, until it is so.
#[expect(clippy::disallowed_methods, reason = "waits for other processes, which live in real time")]
fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    let started = Instant::now();
    while !look() {
        assert!(started.elapsed() < LONG, "not within {LONG:?}: {what}");
        std::thread::yield_now();
    }
}

/// The folder the server with this port keeps its data in.
fn folder_of(postgres: &Postgres) -> std::path::PathBuf {
    let data = postgres.query("postgres", "SHOW data_directory").expect("it answers");
    std::path::Path::new(&data).parent().expect("a home").to_owned()
}

#[test]
fn postgres_answers_in_a_database_of_its_own() {
    let postgres = start();
    postgres.create_database("it's \"mine\"").expect("any name will do");
    let url = postgres.fresh_database();
    let name = url.rsplit_once('/').expect("a path").1;
    assert_eq!(
        postgres.query(name, "SELECT 1, current_database()").expect("it answers"),
        format!("1|{name}")
    );
}

#[test]
fn postgres_syncs_what_it_acknowledges() {
    let postgres = start();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(
            postgres.query("postgres", &format!("SHOW {setting}")).expect("known"),
            "on",
            "{setting}"
        );
    }
    let loose = Postgres::options().setting("fsync", "off").start().expect("it starts");
    assert_eq!(loose.query("postgres", "SHOW fsync").expect("known"), "off");
}

#[test]
fn postgres_is_gone_after_drop() {
    let postgres = start();
    let (port, folder) = (postgres.port(), folder_of(&postgres));
    assert!(answers(port) && folder.exists());
    drop(postgres);
    assert!(!answers(port) && !folder.exists());
}

#[test]
fn postgres_is_gone_after_a_panic() {
    let told = std::thread::spawn(|| {
        let postgres = start();
        std::panic::panic_any((postgres.port(), folder_of(&postgres)));
    });
    let told = told.join().expect_err("it panics");
    let (port, folder) =
        told.downcast::<(u16, std::path::PathBuf)>().map(|told| *told).expect("as thrown");
    assert!(!answers(port) && !folder.exists());
}

/// Runs a copy of this program that starts a server and tells its port and folder.
fn holder() -> (Child, u16, std::path::PathBuf) {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command
        .args(["--exact", "postgres_is_gone_when_its_owner_is_killed", "--nocapture"])
        .env(HOLD, "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a copy");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let told = lines.find_map(|line| line.ok()?.strip_prefix("holding ").map(str::to_owned));
    let told = told.expect("it tells what it holds");
    let (port, folder) = told.split_once(' ').expect("two words");
    (child, port.parse().expect("a port"), folder.into())
}

#[test]
fn postgres_is_gone_when_its_owner_is_killed() {
    if std::env::var_os(HOLD).is_some() {
        let postgres = start();
        println!("\nholding {} {}", postgres.port(), folder_of(&postgres).display());
        let held = std::io::stdin().read(&mut [0]);
        unreachable!("killed while it waits: {held:?}");
    }
    let (mut child, port, folder) = holder();
    assert!(answers(port) && folder.exists());
    child.kill().expect("SIGKILL");
    child.wait().expect("dead");
    eventually("the guard removes the folder", || !folder.exists());
    assert!(!answers(port), "the server must be gone before its folder is");
}

#[test]
fn what_was_committed_survives_a_kill() {
    let mut postgres = start();
    postgres
        .query("postgres", "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
        .expect("committed");
    let port = postgres.port();
    postgres.kill().expect("killed");
    assert!(!answers(port));
    postgres.restart().expect("it recovers");
    assert_eq!(postgres.port(), port);
    assert_eq!(postgres.query("postgres", "SELECT n FROM kept").expect("it answers"), "42");
}

#[test]
fn a_stopped_server_comes_back() {
    let mut postgres = start();
    postgres.stop().expect("stopped");
    postgres.query("postgres", "SELECT 1").expect_err("nobody answers");
    postgres.restart().expect("back");
    postgres.restart().expect("a running one, too");
    assert_eq!(postgres.query("postgres", "SELECT 1").expect("it answers"), "1");
}

#[test]
fn terminated_backends_are_counted_and_gone() {
    let postgres = start();
    std::thread::scope(|scope| {
        let session = scope.spawn(|| postgres.query("postgres", "SELECT pg_sleep(100)"));
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'";
        eventually("the session is there", || {
            postgres.query("postgres", sleeping).expect("a count") == "1"
        });
        assert_eq!(postgres.terminate_backends().expect("allowed"), 1);
        session.join().expect("no panic").expect_err("its connection is gone");
    });
}

#[test]
fn a_wrong_setting_is_told_in_the_servers_own_words() {
    let error = Postgres::options().setting("fsink", "on").start().expect_err("no such setting");
    assert!(
        error.to_string().contains("unrecognized configuration parameter \"fsink\""),
        "{error}"
    );
}

#[test]
fn the_shared_server_is_one() {
    let (first, second) = (servers::postgres(), servers::postgres());
    assert_eq!(first.port(), second.port());
    assert_ne!(first.fresh_database(), second.fresh_database());
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the start-up time of a real server is what is measured"
)]
fn a_server_starts_quickly_enough_for_every_test() {
    drop(start()); // the first on a machine prepares the folder
    let started = Instant::now();
    let postgres = start();
    let took = started.elapsed();
    drop(postgres);
    println!("started in {took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}: is the prepared folder not used?");
}
