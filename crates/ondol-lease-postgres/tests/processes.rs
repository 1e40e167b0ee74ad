//! Two processes and one real server: whoever is killed or paused is taken over in time, and one
//! who wakes up late writes nothing.
//!
//! A process is this very test, run again with a database named in its environment. While it
//! holds the lease it writes a row under it, again and again.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_lease::{LeaseName, Tenant, TenantOptions};
use ondol_lease_postgres::{Options, PostgresLeases};
use ondol_testkit::servers;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

const DATABASE: &str = "ONDOL_TEST_LEASE_DATABASE";
/// What is promised: the owner is dead, and this much later another has taken over.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(5);

/// Writes for as long as it may, until it is killed.
async fn work(database: String) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let opened = PostgresLeases::open(Options::at(database), Arc::clone(&clock)).await;
    let leases = opened.expect("the database is opened");
    let name = LeaseName::new("singletons").expect("a name");
    let rng: &dyn Rng = &SystemRng;
    let (holder, store) = (rng.id(clock.now()), Arc::new(leases.clone()));
    let tenant = Tenant::new(TenantOptions::default(), name, holder, store, Arc::clone(&clock));
    let tenant = tenant.expect("the options are right");
    note("INSERT INTO present VALUES (1)").await;
    let held = tenant.held();
    let mut tasks = JoinSet::new();
    tasks.spawn(tenant.run(std::future::pending()));
    // The last lease it was told of, believed in for longer than it should be: the epoch alone
    // keeps it from writing.
    let mut believed = None;
    loop {
        let told = held.borrow().clone();
        believed = told.or(believed);
        if let Some(lease) = &believed {
            let epoch = lease.epoch.0.cast_signed();
            let row = format!("INSERT INTO work (epoch) VALUES ({epoch})");
            let written = leases.write_under(lease, async |c| c.batch_execute(&row).await).await;
            if written.is_err() {
                let row = format!("INSERT INTO refused (epoch) VALUES ({epoch})");
                // Not under the lease: so that it can be seen that it was tried.
                note(&row).await;
            }
        }
        clock.sleep(Duration::from_millis(10)).await;
    }
}

async fn note(row: &str) {
    let database = std::env::var(DATABASE).expect("it is named");
    let (client, _driver) = connect(&database).await;
    client.batch_execute(row).await.expect("it is written");
}

async fn connect(database: &str) -> (Client, JoinSet<Result<(), tokio_postgres::Error>>) {
    let (client, connection) =
        tokio_postgres::connect(database, NoTls).await.expect("the server is there");
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    (client, driver)
}

/// A process that ends with the test.
struct Process(Child);

impl Process {
    fn start(database: &str, test: &str) -> Self {
        let this = std::env::current_exe().expect("this test is a program");
        let started = Command::new(this)
            .args(["--exact", test])
            .env(DATABASE, database)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(started.expect("this test can be run again"))
    }

    fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill is there");
        assert!(sent.success(), "{signal} is sent");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

struct Server {
    database: String,
    client: Client,
    _driver: JoinSet<Result<(), tokio_postgres::Error>>,
    clock: SystemClock,
}

impl Server {
    async fn start() -> Self {
        let database = servers::postgres().fresh_database();
        let (client, driver) = connect(&database).await;
        let tables = "CREATE TABLE work (id BIGINT GENERATED ALWAYS AS IDENTITY, epoch BIGINT);
                      CREATE TABLE refused (epoch BIGINT);
                      CREATE TABLE present (one BIGINT)";
        client.batch_execute(tables).await.expect("they are made");
        Self { database, client, _driver: driver, clock: SystemClock::start() }
    }

    async fn number(&self, question: &str) -> i64 {
        let row = self.client.query_one(question, &[]).await.expect("it is answered");
        row.get(0)
    }

    /// Waits until a question is answered with at least so much; says how long it took.
    async fn wait(&self, question: &str, least: i64) -> Duration {
        let began = self.clock.running();
        while self.number(question).await < least {
            let waited = self.clock.running() - began;
            assert!(waited < Duration::from_secs(60), "{question} is still under {least}");
            self.clock.sleep(Duration::from_millis(20)).await;
        }
        self.clock.running() - began
    }

    /// No row of an older epoch was written after one of a newer epoch.
    async fn is_in_order(&self) -> bool {
        let late = "SELECT count(*) FROM work late
                    WHERE EXISTS (SELECT 1 FROM work before
                                  WHERE before.id < late.id AND before.epoch > late.epoch)";
        self.number(late).await == 0
    }
}

const EPOCH: &str = "SELECT coalesce(max(epoch), 0) FROM work";

const PRESENT: &str = "SELECT count(*) FROM present";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_33_a_killed_owner_is_taken_over_within_five_seconds() {
    let test = "trap_33_a_killed_owner_is_taken_over_within_five_seconds";
    if let Ok(database) = std::env::var(DATABASE) {
        return work(database).await;
    }
    let server = Server::start().await;
    let mut one = Process::start(&server.database, test);
    server.wait(EPOCH, 1).await;
    for epoch in 2..=3 {
        let other = Process::start(&server.database, test);
        // It stands by before the owner dies.
        server.wait(PRESENT, epoch).await;
        one.signal("-KILL");
        let took = server.wait(EPOCH, epoch).await;
        assert!(took <= TAKEN_OVER_WITHIN, "taken over after {took:?}");
        one = other;
    }
    assert!(server.is_in_order().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_33_a_paused_owner_that_was_overtaken_writes_nothing() {
    let test = "trap_33_a_paused_owner_that_was_overtaken_writes_nothing";
    if let Ok(database) = std::env::var(DATABASE) {
        return work(database).await;
    }
    let server = Server::start().await;
    let one = Process::start(&server.database, test);
    server.wait(EPOCH, 1).await;
    let _other = Process::start(&server.database, test);
    server.wait(PRESENT, 2).await;
    one.signal("-STOP");
    let took = server.wait(EPOCH, 2).await;
    assert!(took <= TAKEN_OVER_WITHIN, "taken over after {took:?}");
    one.signal("-CONT");
    // It tries, under the epoch it believes in, and is refused.
    server.wait("SELECT count(*) FROM refused WHERE epoch = 1", 5).await;
    assert!(server.is_in_order().await);
}
