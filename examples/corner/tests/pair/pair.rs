//! Two processes, each with all three services, and who of them does what.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use http::Method;
use ondol_doors::{Clock, SystemClock};
use ondol_testkit::servers;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::client::{self, Client, LONG, free_address, post, send, text};

/// What is promised: the owner is dead or stands still, and this much later another does its work.
pub(crate) const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(5);

const SERVICES: [&str; 3] = ["shop.order", "shop.stock", "shop.notice"];
const PIECES: u32 = 2;

/// Notes of every write of what only one may write, which process has made it.
const NOTES: &str = "
    CREATE TABLE notes (id BIGINT GENERATED ALWAYS AS IDENTITY, who TEXT);
    CREATE FUNCTION note() RETURNS TRIGGER LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.notes (who) VALUES (current_setting('application_name'));
        RETURN NULL;
    END $$;
    DO $$ DECLARE one RECORD; BEGIN
        FOR one IN SELECT schemaname, tablename FROM pg_tables
            WHERE schemaname ~ '_(views|timers)$' LOOP
            EXECUTE format('CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON %I.%I
                FOR EACH STATEMENT EXECUTE FUNCTION public.note()', one.schemaname, one.tablename);
        END LOOP;
    END $$";

/// One process.
pub(crate) struct House {
    name: &'static str,
    http: SocketAddr,
    admin: SocketAddr,
    folder: PathBuf,
    child: Mutex<Option<Child>>,
    client: Client,
}

/// Two processes over one database.
pub(crate) struct Pair {
    pub(crate) one: House,
    pub(crate) two: House,
    folder: tempfile::TempDir,
    database: String,
}

impl House {
    fn new(
        name: &'static str,
        folder: &Path,
        (database, views, lease): (&str, &str, &str),
    ) -> Self {
        let (http, admin) = (free_address(), free_address());
        let settings = format!(
            "data = \"{name}\"\n[http]\nlisten = \"{http}\"\n[admin]\nlisten = \"{admin}\"\n\
             [log]\nengine = \"postgres\"\n[views]\nengine = \"{views}\"\n\
             [postgres]\nurl = \"{database}?application_name={name}\"\n[lease]\n{lease}\n"
        );
        std::fs::write(folder.join(format!("{name}.toml")), settings).expect("they are written");
        let (child, client) = (Mutex::default(), client::client());
        Self { name, http, admin, folder: folder.to_owned(), child, client }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corner"));
        command.current_dir(&self.folder).env_clear();
        command.env("CORNER_POST_BOX", self.folder.join("posted"));
        command.arg("--config").arg(format!("{}.toml", self.name)).arg("up");
        command
    }

    /// Starts the process, which does not come up, and says why.
    pub(crate) async fn is_refused(&self) -> String {
        let mut command = self.command();
        let output = tokio::time::timeout(LONG, command.kill_on_drop(true).output()).await;
        let output = output.expect("in time").expect("it can be run");
        assert!(!output.status.success(), "it does not come up");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Starts the process, and waits until it answers.
    pub(crate) async fn begin(&self) {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        *self.child.lock().await = Some(command.spawn().expect("it can be started"));
        let url = format!("http://{}/readyz", self.admin);
        until(|| async { text(&self.client, Method::GET, &url, "").await.is_ok() }).await;
    }

    /// Kills the process, as the system does.
    pub(crate) async fn kill(&self) {
        let mut child = self.child.lock().await.take().expect("it runs");
        child.kill().await.expect("it can be killed");
    }

    /// Tells the process to stop, and waits until it has.
    pub(crate) async fn stop(&self) {
        self.signal("-TERM").await;
        let mut child = self.child.lock().await.take().expect("it runs");
        let ended = tokio::time::timeout(LONG, child.wait()).await.expect("in time");
        assert!(ended.expect("it ends").success(), "{} stopped in order", self.name);
    }

    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.id().await.to_string();
        let sent = Command::new("kill").args([signal, &id]).status().await;
        assert!(sent.is_ok_and(|sent| sent.success()), "{signal} can be sent");
    }

    async fn id(&self) -> u32 {
        let child = self.child.lock().await;
        child.as_ref().and_then(Child::id).expect("it runs")
    }

    /// Of how many services it does what only one may do.
    async fn duties(&self) -> usize {
        let url = format!("http://{}/metrics", self.admin);
        let numbers = text(&self.client, Method::GET, &url, "").await.unwrap_or_default();
        let is_on = |line: &&str| line.starts_with("ondol_duty{") && line.ends_with(" 1");
        numbers.lines().filter(is_on).count()
    }

    pub(crate) async fn is_off_duty(&self) {
        until(|| async { self.duties().await == 0 }).await;
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.http);
        send(&self.client, Method::GET, &url, "").await.unwrap_or_default()
    }
}

impl Pair {
    /// Both, before either has been started, with views kept by this engine.
    pub(crate) fn before(views: &str, lease: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let database = servers::postgres().fresh_database();
        let one = House::new("one", folder.path(), (&database, views, lease));
        let two = House::new("two", folder.path(), (&database, views, lease));
        Self { one, two, folder, database }
    }

    /// Starts one, which does everything, and then the other.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same, with leases that are held in another way.
    pub(crate) async fn start_with(lease: &str) -> Self {
        let pair = Self::before("postgres", lease);
        pair.one.begin().await;
        until(|| async { pair.one.duties().await == SERVICES.len() }).await;
        pair.two.begin().await;
        assert_eq!(pair.two.duties().await, 0, "the other stands by");
        pair
    }

    pub(crate) async fn fill(&self, item: &str) {
        let url = format!("http://{}/shelves/{item}/100000", self.one.http);
        post(&self.one.client, &url, "fill").await;
    }

    /// Places orders, half of them with each; whoever does not answer is asked again.
    pub(crate) async fn place(&self, with: [&House; 2], item: &str, first: u32, orders: u32) {
        let mut placing = JoinSet::new();
        for number in first..first + orders {
            let address = with[usize::from(number % 2 == 0)].http;
            let url = format!("http://{address}/orders/o{number}/{item}/{PIECES}");
            let client = self.one.client.clone();
            placing.spawn(async move { post(&client, &url, &format!("place o{number}")).await });
        }
        placing.join_all().await;
    }

    /// Does something to the owner, and says how long after it the other does everything.
    pub(crate) async fn taken_over(&self, end: impl Future<Output = ()>, by: &House) -> Duration {
        let clock = SystemClock::start();
        end.await;
        until(|| async { by.duties().await == SERVICES.len() }).await;
        clock.running()
    }

    /// Waits until everything has followed from so many orders, as one of them tells it.
    pub(crate) async fn settled(&self, house: &House, orders: u32) {
        for number in 0..orders {
            until(|| async move {
                let order = house.get(&format!("/orders/o{number}")).await;
                let way = house.get(&format!("/ways/o{number}")).await;
                order["second"].as_u64() >= Some(1) && way["second"] == PIECES
            })
            .await;
        }
        until(|| async { self.letters().len() >= usize::try_from(orders).unwrap_or(0) }).await;
    }

    /// Everything has followed once.
    pub(crate) async fn books_are_right(&self, item: &str, orders: u32) {
        let house = if self.two.child.lock().await.is_some() { &self.two } else { &self.one };
        for number in 0..orders {
            let order = house.get(&format!("/orders/o{number}")).await;
            assert_eq!((&order["first"], &order["second"]), (&PIECES.into(), &1.into()));
            assert_eq!(house.get(&format!("/letters/o{number}")).await, 1, "o{number}");
            let way = house.get(&format!("/ways/o{number}")).await;
            assert_eq!((&way["first"], &way["second"]), (&PIECES.into(), &PIECES.into()));
        }
        assert_eq!(house.get(&format!("/shelves/{item}")).await["second"], PIECES * orders);
        let posted = self.letters();
        assert!(posted.values().all(|letters| letters.len() == 1), "one letter each: {posted:?}");
        assert_eq!(posted.len(), usize::try_from(orders).expect("few"), "{posted:?}");
    }

    /// The numbers of the letters that were posted of each order. The post knows a letter that it
    /// is given twice by its number.
    fn letters(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut letters: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for line in self.posted() {
            let mut words = line.split(' ').map(str::to_owned);
            let (letter, order) =
                (words.next().expect("a number"), words.next().expect("an order"));
            letters.entry(order).or_default().insert(letter);
        }
        letters
    }

    fn posted(&self) -> Vec<String> {
        let posted = std::fs::read_to_string(self.folder.path().join("posted"));
        posted.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// How much a process has posted that runs.
    pub(crate) fn posted_by(&self, house: &House) -> usize {
        let child = house.child.try_lock().expect("nobody changes it");
        let id = child.as_ref().and_then(Child::id).expect("it runs").to_string();
        self.posted().iter().filter(|line| line.ends_with(&format!(" {id}"))).count()
    }

    /// From now on it is noted who writes views, checkpoints, what reactions keep, and timers.
    pub(crate) fn watch_who_writes(&self) {
        self.query(NOTES);
    }

    pub(crate) fn writes_of(&self, house: &House) -> u32 {
        let count = format!("SELECT count(*) FROM notes WHERE who = '{}'", house.name);
        self.query(&count).trim().parse().expect("a number")
    }

    fn query(&self, sql: &str) -> String {
        let name = self.database.rsplit('/').next().expect("it has a name");
        servers::postgres().query(name, sql).expect("the server takes it")
    }
}

async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let waiting = async {
        while !is_so().await {
            look.tick().await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.expect("in time");
}
