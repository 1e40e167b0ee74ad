//! What the tests share: servers, logs, appends, and looking at a log as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_kernel::{
    CommandId, Envelope, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion,
    StreamId, Version,
};
use ondol_store::{Append, EventStore, Expected, ReadAll};
use ondol_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use ondol_testkit::servers;

/// Options for a log of one's own on the server that all tests share.
pub(crate) fn fresh_log() -> PostgresOptions {
    static MADE: AtomicU64 = AtomicU64::new(1);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let options = options(&servers::postgres().url("postgres"));
    PostgresOptions { schema: format!("log_{number}"), ..options }
}

/// Options for the log in a database.
pub(crate) fn options(url: &str) -> PostgresOptions {
    PostgresOptions { url: url.to_owned(), readers_max: 4, ..PostgresOptions::default() }
}

pub(crate) async fn try_open(options: &PostgresOptions) -> Result<Arc<PostgresStore>, OpenError> {
    let (clock, rng) = doors();
    PostgresStore::open(options.clone(), clock, rng).await.map(Arc::new)
}

pub(crate) async fn open(options: &PostgresOptions) -> Arc<PostgresStore> {
    try_open(options).await.expect("the log opens")
}

fn doors() -> (Arc<dyn Clock>, Arc<dyn Rng>) {
    (Arc::new(SystemClock::start()), Arc::new(SystemRng))
}

/// An append of one event to a stream; each event has an id of its own.
pub(crate) fn one(stream: u64) -> Append {
    static MADE: AtomicU64 = AtomicU64::new(1);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let event = NewEvent {
        id: EventId::from_u128(u128::from(number)),
        event_type: EventType::new("thing.happened").expect("a good type"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(format!("{{\"number\":{number}}}")),
    };
    let stream = StreamId::new("thing", stream).expect("a number is a good key");
    Append::to(stream, Expected::Any, vec![event])
}

/// The id of the one event of an append.
pub(crate) fn id(append: &Append) -> EventId {
    append.writes[0].events[0].id
}

pub(crate) fn command(number: u64) -> CommandId {
    CommandId::named(&format!("command {number}"))
}

/// The whole log, whose positions and versions are dense.
pub(crate) async fn log(store: &PostgresStore) -> Vec<Envelope> {
    let (mut events, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(ReadAll::after(after, 10_000)).await.expect("the log is read");
        events.extend(page.events);
        after = page.seen;
        if page.seen == page.head {
            assert_dense(&events);
            return events;
        }
    }
}

/// Checks that positions count from one, and versions in each stream.
pub(crate) fn assert_dense(events: &[Envelope]) {
    let mut versions: HashMap<&StreamId, Version> = HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position.get(), position, "a position is missing or out of order");
        let version = versions.entry(&event.stream).or_insert(Version::EMPTY);
        *version = version.next();
        assert_eq!(event.version, *version, "a version of {} is out of order", event.stream);
    }
}

/// How often each event stands in the log.
pub(crate) fn times_of(events: &[Envelope]) -> BTreeMap<EventId, usize> {
    let mut times = BTreeMap::new();
    for event in events {
        *times.entry(event.id).or_insert(0) += 1;
    }
    times
}
