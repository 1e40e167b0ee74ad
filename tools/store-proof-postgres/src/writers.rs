//! Those who write and those who follow, and what each was told.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ondol_doors::{Clock, Rng, SeededRng, SystemClock};
use ondol_kernel::{
    CommandId, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId,
};
use ondol_store::{Append, AppendError, EventStore, Expected, Filter, Outcome, Subscription};
use ondol_store_postgres::PostgresStore;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many write at a time, each to a stream of its own and to one they share.
pub(crate) const WRITERS: u64 = 16;
/// The longest pause between two appends of a writer.
const PAUSE_MICROS_MAX: u64 = 3_000;

/// What a writer was told of one event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) event: EventId,
    pub(crate) answer: Answer,
}

/// What came of an append, as far as its writer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is there, at this position.
    Acknowledged(Position),
    /// It is not there.
    Refused,
    /// It may be there.
    Unknown,
}

/// What a subscriber has seen.
pub(crate) type Seen = Arc<Mutex<Vec<(Position, EventId)>>>;

/// Lets writers write until told to stop.
pub(crate) fn write(
    stores: &[Arc<PostgresStore>],
    seed: u64,
    stop: &watch::Receiver<bool>,
) -> JoinSet<Vec<Told>> {
    let mut writers = JoinSet::new();
    for (number, store) in (0..WRITERS).zip(stores.iter().cycle()) {
        let (store, stop) = (Arc::clone(store), stop.clone());
        let rng = SeededRng::new(seed ^ (number << 32));
        writers.spawn(writer(store, rng, number, stop));
    }
    writers
}

async fn writer(
    store: Arc<PostgresStore>,
    rng: SeededRng,
    number: u64,
    stop: watch::Receiver<bool>,
) -> Vec<Told> {
    let (clock, mut told) = (SystemClock::start(), Vec::new());
    while !*stop.borrow() {
        let append = append(&rng, number);
        let event = append.writes[0].events[0].id;
        told.push(Told { event, answer: say(&store, append, &clock).await });
        clock.sleep(Duration::from_micros(rng.below(PAUSE_MICROS_MAX))).await;
    }
    told
}

/// An append of one event; half of them are the effect of a command.
fn append(rng: &SeededRng, number: u64) -> Append {
    let id = u128::from(rng.number()) << 64 | u128::from(rng.number());
    let stream = if rng.below(4) == 0 { WRITERS } else { number };
    let append = one(stream, EventId::from_u128(id));
    if rng.below(2) == 0 { append } else { append.by(CommandId::from_u128(id)) }
}

/// An append of one event to a stream.
pub(crate) fn one(stream: u64, id: EventId) -> Append {
    let event = NewEvent {
        id,
        event_type: EventType::new("account.deposited").expect("a good type"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(vec![b'7'; 200]),
    };
    let stream = StreamId::new("account", stream).expect("a number is a good key");
    Append::to(stream, Expected::Any, vec![event])
}

/// Appends. Who has a command id asks again until the outcome is known.
async fn say(store: &PostgresStore, append: Append, clock: &SystemClock) -> Answer {
    loop {
        let error = match store.append(append.clone()).await {
            Ok(appended) => return acknowledged(&appended.outcome),
            Err(error) => error,
        };
        clock.sleep(Duration::from_millis(2)).await;
        match error {
            AppendError::Stopped(_) => return Answer::Unknown,
            _ if append.command.is_some() => {}
            AppendError::Unknown(_) => return Answer::Unknown,
            _ => return Answer::Refused,
        }
    }
}

fn acknowledged(outcome: &Outcome) -> Answer {
    Answer::Acknowledged(outcome.last())
}

/// Lets a subscriber follow each store from the beginning.
pub(crate) fn follow(stores: &[Arc<PostgresStore>]) -> (JoinSet<()>, Vec<Seen>) {
    let (mut subscribers, mut all) = (JoinSet::new(), Vec::new());
    for store in stores {
        let seen = Seen::default();
        all.push(Arc::clone(&seen));
        subscribers.spawn(subscriber(Arc::clone(store), seen));
    }
    (subscribers, all)
}

/// Follows for ever; when the store cannot be reached it goes on after what it has seen.
async fn subscriber(store: Arc<PostgresStore>, seen: Seen) {
    let clock = SystemClock::start();
    let mut after = Position::START;
    loop {
        let follows = Arc::<PostgresStore>::clone(&store);
        let mut subscription = Subscription::new(follows, after, Filter::default(), 500);
        while let Ok(batch) = subscription.next().await {
            after = batch.seen;
            let events = batch.events.iter().map(|event| (event.position, event.id));
            what(&seen).extend(events);
        }
        clock.sleep(Duration::from_millis(5)).await;
    }
}

/// What was seen so far.
pub(crate) fn what(seen: &Seen) -> MutexGuard<'_, Vec<(Position, EventId)>> {
    seen.lock().expect("nobody panics while holding what was seen")
}
