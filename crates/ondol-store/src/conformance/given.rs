//! What the cases share: names, events, appends, and reading a log to its end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ondol_kernel::{
    CommandId, Envelope, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion,
    StreamId, Tag, Version,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::{
    Append, AppendError, Appended, EventStore, Expected, Filter, Outcome, ReadAll, ReadStream,
};

/// Long enough for any machine: a case that runs into it has hung.
const HUNG_AFTER: Duration = Duration::from_secs(60);

/// The stream of a thing.
pub(super) fn thing(key: impl std::fmt::Display) -> StreamId {
    StreamId::new("thing", key).expect("cases use good keys")
}

/// The command of a number.
pub(super) fn command(number: u64) -> CommandId {
    CommandId::named(&format!("command {number}"))
}

pub(super) fn event_type(name: &str) -> EventType {
    EventType::new(name).expect("cases use good types")
}

pub(super) fn tag(name: &str) -> Tag {
    Tag::new(name).expect("cases use good tags")
}

/// An event of a type; each has an id of its own.
pub(super) fn event_of(name: &str) -> NewEvent {
    static MADE: AtomicU64 = AtomicU64::new(1);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    NewEvent {
        id: EventId::from_u128(u128::from(number)),
        event_type: event_type(name),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(format!("{{\"number\":{number}}}")),
    }
}

/// An event.
pub(super) fn event() -> NewEvent {
    event_of("thing.happened")
}

/// So many events.
pub(super) fn events(count: usize) -> Vec<NewEvent> {
    std::iter::repeat_with(event).take(count).collect()
}

/// An event of a type, with tags.
pub(super) fn tagged(name: &str, tags: &[&str]) -> NewEvent {
    let mut event = event_of(name);
    event.metadata.tags = tags.iter().map(|name| tag(name)).collect();
    event
}

/// An event with this data.
pub(super) fn event_with(data: Payload) -> NewEvent {
    NewEvent { data, ..event() }
}

/// JSON data of exactly so many bytes.
pub(super) fn data_of(bytes: usize) -> Payload {
    let mut data = vec![b'a'; bytes];
    if let [first, .., last] = data.as_mut_slice() {
        (*first, *last) = (b'"', b'"');
    }
    Payload::json(data)
}

/// An append of one event to a thing, however it stands.
pub(super) fn one(key: impl std::fmt::Display) -> Append {
    Append::to(thing(key), Expected::Any, vec![event()])
}

/// An append of these events to a thing, however it stands.
pub(super) fn some(key: impl std::fmt::Display, events: Vec<NewEvent>) -> Append {
    Append::to(thing(key), Expected::Any, events)
}

/// An append of one event to a thing that stands as expected.
pub(super) fn expecting(key: impl std::fmt::Display, expected: Expected) -> Append {
    Append::to(thing(key), expected, vec![event()])
}

pub(super) const fn exactly(version: u64) -> Expected {
    Expected::Exactly(Version::new(version))
}

/// The outcome "accepted, with these events".
pub(super) const fn accepted(first: u64, last: u64) -> Outcome {
    Outcome::Accepted { first: Position::new(first), last: Position::new(last) }
}

/// Appends what must be taken.
pub(super) async fn append(store: &(impl EventStore + ?Sized), append: Append) -> Appended {
    soon(store.append(append)).await.expect("the append keeps every rule")
}

/// Appends what must not be taken, and checks that it left no trace.
pub(super) async fn refused(store: &(impl EventStore + ?Sized), append: Append) -> AppendError {
    let before = head(store).await;
    let error = soon(store.append(append)).await.expect_err("the append breaks a rule");
    assert_eq!(head(store).await, before, "a refused append left a trace");
    error
}

/// Where the log ends.
pub(super) async fn head(store: &(impl EventStore + ?Sized)) -> Position {
    soon(store.head()).await.expect("the log can be read").position
}

pub(super) async fn outcome(
    store: &(impl EventStore + ?Sized),
    command: CommandId,
) -> Option<Outcome> {
    soon(store.outcome(command)).await.expect("the log can be read")
}

pub(super) async fn void(store: &(impl EventStore + ?Sized), command: CommandId) -> Outcome {
    soon(store.void(command, Metadata::default())).await.expect("a command can be made void")
}

/// Everything a thing's stream holds, read forward page by page.
pub(super) async fn stream(
    store: &(impl EventStore + ?Sized),
    key: impl std::fmt::Display,
) -> Vec<Envelope> {
    let mut events: Vec<Envelope> = Vec::new();
    loop {
        let next = events.last().map_or(Version::EMPTY, |event| event.version).next();
        let read = ReadStream::forward(thing(&key), usize::MAX).from(next);
        let page = soon(store.read_stream(read)).await.expect("the stream can be read");
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// The version of a thing's last event.
pub(super) async fn version(
    store: &(impl EventStore + ?Sized),
    key: impl std::fmt::Display,
) -> Version {
    let read = ReadStream::backward(thing(key), 1);
    let last = soon(store.read_stream(read)).await.expect("the stream can be read");
    last.first().map_or(Version::EMPTY, |event| event.version)
}

/// The whole log.
pub(super) async fn log(store: &(impl EventStore + ?Sized)) -> Vec<Envelope> {
    wanted(store, Filter::default(), usize::MAX).await
}

/// Every event of the log that is wanted, read in pages of so many.
pub(super) async fn wanted(
    store: &(impl EventStore + ?Sized),
    filter: Filter,
    limit: usize,
) -> Vec<Envelope> {
    let mut events = Vec::new();
    let mut after = Position::START;
    loop {
        let read = ReadAll::after(after, limit).only(filter.clone());
        let page = soon(store.read_all(read)).await.expect("the log can be read");
        events.extend(page.events);
        if page.seen == page.head {
            return events;
        }
        assert!(page.seen > after, "a page looked at nothing after {after}");
        after = page.seen;
    }
}

/// Checks that positions in the log and versions in each stream count from one, without gaps.
pub(super) fn assert_dense(log: &[Envelope]) {
    let mut versions = std::collections::HashMap::new();
    let mut expected = Position::START;
    for event in log {
        expected = expected.next();
        assert_eq!(event.position, expected, "a position is missing or out of order");
        let version = versions.entry(&event.stream).or_insert(Version::EMPTY);
        *version = version.next();
        assert_eq!(event.version, *version, "a version of {} is out of order", event.stream);
    }
}

/// The outcome of a future, which must come.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(HUNG_AFTER, future).await.expect("the case hangs")
}

/// Runs so many tasks that all begin at once, and gives what each came to, in no order.
pub(super) async fn racing<T, F>(count: u64, task: impl Fn(u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(usize::try_from(count).expect("few tasks race")));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (start, task) = (Arc::clone(&start), task(number));
        tasks.spawn(async move {
            start.wait().await;
            task.await
        });
    }
    soon(tasks.join_all()).await
}

/// How many of the results are good.
pub(super) fn count_ok<T, E>(results: &[Result<T, E>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}
