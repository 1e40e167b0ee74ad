//! The store through a transaction pooler, which lends each transaction another connection.
//!
//! PgBouncer itself, in transaction mode, with fewer connections to the server than the store
//! has to the pooler: whatever relied on a session would break here.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock as _, SystemClock};
use ondol_kernel::Position;
use ondol_store::{Condition, EventStore, Filter, ReadAll, Snapshot};
use ondol_store_postgres::PostgresOptions;
use ondol_testkit::servers;
use tokio::task::JoinSet;

use crate::given::{command, fresh_log, log, one, open};

/// A running PgBouncer.
struct Pooler {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl Pooler {
    /// Starts one before the server that all tests share.
    async fn start() -> Self {
        let port = servers::free_port().expect("there is a free port");
        let folder = std::env::temp_dir().join(format!("pooler-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={server} user=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n\
             max_client_conn = 200\nlogfile = {log}\n",
            server = servers::postgres().port(),
            log = folder.join("log").display(),
        );
        let file = folder.join("pgbouncer.ini");
        fs::write(&file, settings).expect("the folder is ours");
        let process = command_for(&folder).arg(&file).spawn().expect("pgbouncer is installed");
        let pooler = Self { process, port, folder };
        let up = async {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                SystemClock::start().sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), up).await.expect("it answers");
        pooler
    }

    fn options(&self) -> PostgresOptions {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", self.port);
        PostgresOptions { url, pooler: true, ..fresh_log() }
    }
}

/// PgBouncer refuses to run as root; whoever may read the folder may run it.
fn command_for(folder: &std::path::Path) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    });
    let mut command = if is_root {
        let give = Command::new("chown").arg("nobody").arg(folder).status();
        assert!(give.expect("chown is installed").success());
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--clear-groups", "pgbouncer"]);
        command
    } else {
        Command::new("pgbouncer")
    };
    command.arg("--quiet").stdin(Stdio::null()).stderr(Stdio::null());
    command
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_through_a_transaction_pooler() {
    let pooler = Pooler::start().await;
    let options = pooler.options();
    let stores = [open(&options).await, open(&options).await];
    let mut appends = JoinSet::new();
    for number in 0..400 {
        let store = Arc::clone(&stores[number % 2]);
        let number = u64::try_from(number).expect("few");
        appends.spawn(async move {
            let append = one(number % 20).by(command(number / 2));
            store.append(append).await.expect("the pooler passes it on").outcome
        });
    }
    appends.join_all().await;
    let events = log(&stores[0]).await;
    assert_eq!(events.len(), 200, "a command took effect twice or not at all");
    assert_eq!(log(&stores[1]).await, events);
    let tag = "seat:12A".parse().expect("a good tag");
    let mut claim = one(1);
    claim.writes[0].events[0].metadata.tags.push(tag);
    let claim = claim.when(Condition::never("seat:12A".parse().expect("a good tag")));
    stores[0].append(claim.clone()).await.expect("the seat is free");
    let taken = stores[1].append(claim).await.expect_err("the seat is taken");
    assert_eq!(taken.code(), "log-condition-broken", "found {taken}");
    let filter =
        Filter { tags: vec!["seat:12A".parse().expect("a good tag")], ..Filter::default() };
    let page = stores[1].read_all(ReadAll::after(Position::START, 10).only(filter)).await;
    assert_eq!(page.expect("it can be read").events.len(), 1);
    keep_a_snapshot(&*stores[0]).await;
}

async fn keep_a_snapshot(store: &dyn EventStore) {
    let stream = "thing:1".parse().expect("a good stream");
    let version = ondol_kernel::Version::new(1);
    let snapshot = Snapshot { stream, fold: u64::MAX, version, state: "state".into() };
    store.save_snapshot(snapshot.clone()).await.expect("there is room");
    let found = store.load_snapshot(&snapshot.stream, u64::MAX).await.expect("it can be read");
    assert_eq!(found, Some(snapshot));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_is_killed_under_writers_loses_and_repeats_nothing() {
    let mut pooler = Pooler::start().await;
    let options = pooler.options();
    let direct = PostgresOptions {
        url: servers::postgres().url("postgres"),
        pooler: false,
        ..options.clone()
    };
    let store = open(&PostgresOptions { settle_timeout_ms: 500, ..options }).await;
    let mut appends = JoinSet::new();
    for number in 0..16 {
        let store = Arc::clone(&store);
        appends.spawn(async move {
            let mut told = Vec::new();
            for _ in 0..50 {
                let append = one(number);
                let id = crate::given::id(&append);
                told.push((id, store.append(append).await));
            }
            told
        });
    }
    let mut heads = store.watch();
    heads.wait_for(|head| head.position.get() > 100).await.expect("the log goes on");
    pooler.process.kill().expect("it was running");
    let told: Vec<_> = appends.join_all().await.into_iter().flatten().collect();
    let times = crate::given::times_of(&log(&*open(&direct).await).await);
    for (id, answer) in told {
        let found = times.get(&id).copied().unwrap_or(0);
        match answer {
            Ok(_) => assert_eq!(found, 1, "{id} was acknowledged"),
            Err(ondol_store::AppendError::Unknown(_)) => assert!(found <= 1),
            Err(error) => assert_eq!(found, 0, "{id} was refused: {error}"),
        }
    }
}
