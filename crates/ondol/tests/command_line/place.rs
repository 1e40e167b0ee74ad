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
    let address: LogAddress = place.address.parse().expect("it names a log");
    Engines::of_machine().open(&address, Purpose::Writing).await.expect("it can be opened")
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

/// Appends of all sorts: with commands and without, of one event and of several, tagged and not,
/// with refusals, voids and changes of nothing in between.
pub(crate) async fn append_some(place: &Place, count: u64) {
    let store = opened(place).await;
    let before = store.head().await.expect("it can be read").position.get();
    for number in 0..count {
        let id = command(before * 1_000_000 + number);
        let mut first = deposit(number);
        if number % 2 == 0 {
            first.metadata.tags = vec![Tag::new("even").expect("a good tag")];
        }
        let mut events = vec![first];
        events.extend((0..number % 4).map(deposit));
        let append = match number % 17 {
            13 => Append::refusal(id, Payload::json("\"no\""), Metadata::default()),
            14 => Append::nothing(id, Metadata::default()),
            15 => Append::void(id, Metadata::default()),
            _ => Append::to(stream(number % 20), Expected::Any, events),
        };
        let is_by_command = number % 3 == 0 && !(13..=15).contains(&(number % 17));
        let append = if is_by_command { append.by(id) } else { append };
        store.append(append).await.expect("it keeps every rule");
    }
}

/// Everything in the log of a place.
pub(crate) async fn all(place: &Place) -> Vec<Envelope> {
    let (log, mut events) = (opened(place).await, Vec::new());
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
    let (one, other) = (opened(one).await, opened(other).await);
    for command in events.iter().filter_map(|event| event.metadata.command) {
        let of_one = one.outcome(command).await.expect("it can be read");
        assert!(of_one.is_some());
        assert_eq!(of_one, other.outcome(command).await.expect("it can be read"));
    }
}
