//! Where a log can be: a folder of its own, or a database of its own on a real server.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ondol::{Engines, LogAddress, Logs, Purpose};
use ondol_kernel::{
    CommandId, Envelope, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion,
    StreamId, Tag,
};
use ondol_store::{Append, Expected, ReadAll, Replica};
use ondol_testkit::servers;
use tokio::task::JoinSet;

/// How many appends are made at a time.
const WAVE: usize = 50;

/// A place for a log, at first without one.
pub(crate) struct Place {
    address: String,
    folder: Option<PathBuf>,
    database: Option<String>,
}

impl Place {
    pub(crate) fn on_disk() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("ondol-command-line-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let address = format!("disk:{}", folder.display());
        Self { address, folder: Some(folder), database: None }
    }

    pub(crate) fn in_postgres() -> Self {
        let address = servers::postgres().fresh_database();
        let database = address.rsplit('/').next().map(str::to_owned);
        Self { address, folder: None, database }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn folder(&self) -> &PathBuf {
        self.folder.as_ref().expect("the place is on the disk")
    }

    /// Changes one bit of an event's data where it is stored.
    pub(crate) fn flip_a_bit_of(&self, event: &Envelope) {
        let files = std::fs::read_dir(self.folder()).expect("the folder is there");
        for file in files.map(|file| file.expect("the folder can be read").path()) {
            if file.extension().is_none_or(|end| end != "log") {
                continue;
            }
            let mut bytes = std::fs::read(&file).expect("the segment can be read");
            let id = event.id.into_bytes();
            if let Some(at) = bytes.windows(id.len()).position(|found| found == id) {
                bytes[at] ^= 1;
                std::fs::write(file, bytes).expect("the segment can be written");
                return;
            }
        }
        assert_eq!(event.id.to_string(), "", "the event is in no segment");
    }

    pub(crate) fn query(&self, sql: &str) -> String {
        let database = self.database.as_ref().expect("the place is a database");
        servers::postgres().query(database, sql).expect("the server takes it")
    }

    /// The schemas of the database that are not its server's.
    pub(crate) fn schemas(&self) -> String {
        let sql = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|public|information)'";
        self.query(sql).trim().to_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.as_ref().filter(|folder| folder.exists()) {
            std::fs::remove_dir_all(folder).expect("the folder is this test's own");
        }
    }
}

/// The binary, with no log named by the environment.
pub(crate) fn ondol(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ondol"));
    command.args(arguments).env_remove("ONDOL_LOG").env_remove("ONDOL_LOG_FILE");
    command
}

pub(crate) fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// The log of a place, made if it is not there.
pub(crate) async fn opened(place: &Place) -> Arc<dyn Replica> {
    opened_for(place, Purpose::Writing).await
}

async fn opened_for(place: &Place, purpose: Purpose) -> Arc<dyn Replica> {
    let address: LogAddress = place.address.parse().expect("it names a log");
    Engines::of_machine().open(&address, purpose).await.expect("it can be opened")
}

pub(crate) fn stream(key: u64) -> StreamId {
    StreamId::new("account", key).expect("a good name")
}

pub(crate) fn deposit(amount: u64) -> NewEvent {
    static MADE: AtomicU64 = AtomicU64::new(1);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    NewEvent {
        id: EventId::from_u128(number.into()),
        event_type: EventType::new("account.deposited").expect("a good name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(format!("{{\"amount\":{amount}}}")),
    }
}

fn command(number: u64) -> CommandId {
    CommandId::from_u128(number.into())
}

/// One append of any sort: with a command or without, of one event or of several, tagged or not,
/// or a refusal, a void, a change of nothing.
fn any_sort(number: u64, id: CommandId) -> Append {
    let mut first = deposit(number);
    if number.is_multiple_of(2) {
        first.metadata.tags = vec![Tag::new("even").expect("a good tag")];
    }
    let mut events = vec![first];
    events.extend((0..number % 4).map(deposit));
    let append = Append::to(stream(number % 20), Expected::Any, events);
    match number % 17 {
        13 => Append::refusal(id, Payload::json("\"no\""), Metadata::default()),
        14 => Append::nothing(id, Metadata::default()),
        15 => Append::void(id, Metadata::default()),
        _ if number.is_multiple_of(3) => append.by(id),
        _ => append,
    }
}

/// Makes so many appends of all sorts, many at a time.
pub(crate) async fn append_some(place: &Place, count: u64) {
    let store = opened(place).await;
    let before = store.head().await.expect("it can be read").position.get();
    for wave in (0..count).step_by(WAVE) {
        let mut tasks = JoinSet::new();
        for number in wave..count.min(wave + WAVE as u64) {
            let store = Arc::clone(&store);
            let append = any_sort(number, command(before * 1_000_000 + number));
            tasks.spawn(async move { store.append(append).await.expect("it keeps every rule") });
        }
        tasks.join_all().await;
    }
}

/// Everything in the log of a place.
pub(crate) async fn all(place: &Place) -> Vec<Envelope> {
    let (log, mut events) = (opened_for(place, Purpose::Reading).await, Vec::new());
    let mut after = Position::START;
    loop {
        let page = log.read_all(ReadAll::after(after, usize::MAX)).await.expect("it can be read");
        after = page.seen;
        events.extend(page.events);
        if page.seen == page.head {
            return events;
        }
    }
}

/// Checks that two logs hold the same, events and outcomes.
pub(crate) async fn assert_same(one: &Place, other: &Place) {
    let (events, others) = (all(one).await, all(other).await);
    assert!(events == others, "found {} events and {}", events.len(), others.len());
    let one = opened_for(one, Purpose::Reading).await;
    let other = opened_for(other, Purpose::Reading).await;
    for command in events.iter().filter_map(|event| event.metadata.command) {
        let of_one = one.outcome(command).await.expect("it can be read");
        assert!(of_one.is_some());
        assert_eq!(of_one, other.outcome(command).await.expect("it can be read"));
    }
}
