//! What is asked of a log while it is tortured: a bit of everything, chosen by a seed.

use std::sync::Arc;
use std::sync::Mutex;

use ondol_doors::{Rng, SeededRng};
use ondol_kernel::{
    CommandId, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId,
    Tag, Version,
};
use ondol_store::{
    Append, AppendError, Condition, EventStore, Expected, Filter, Outcome, Subscription,
};
use ondol_store_disk::{DiskStore, Options};
use tokio::task::JoinSet;

use crate::history::{Answer, Asked, History};

/// How many streams there are, and how many tags.
const STREAMS: u64 = 7;
const TAGS: u64 = 5;
/// How many callers there are at once.
const CALLERS: u64 = 6;

/// Small parts, so that a few hundred events go through all that a log has.
pub(crate) fn options(folder: &str) -> Options {
    Options {
        segment_bytes: 8 << 10,
        index_entries_max: 48,
        open_files_max: 4,
        ..Options::in_folder(folder)
    }
}

/// Makes appends from several callers at once, with a subscriber beside, and writes down what
/// was asked and answered. Numbers from `first` on tell the appends apart.
pub(crate) async fn run(store: &Arc<DiskStore>, seed: u64, first: u64, appends: u64) -> History {
    let delivered = Arc::new(Mutex::new(Vec::new()));
    let mut subscriber = subscribe(Arc::clone(store), Arc::clone(&delivered));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(store);
        callers.spawn(async move {
            let rng = SeededRng::new(seed ^ (caller << 32));
            let mut asked = Vec::new();
            for nth in 0..appends / CALLERS {
                asked.push(ask(&store, &rng, first + nth * CALLERS + caller).await);
            }
            asked
        });
    }
    let mut history = History::default();
    while let Some(asked) = callers.join_next().await {
        history.asked.extend(asked.expect("a caller does not panic"));
    }
    // It holds the store: it has to be gone before the log can be said to be closed.
    subscriber.shutdown().await;
    history.delivered = std::mem::take(&mut *delivered.lock().expect("the subscriber is gone"));
    history
}

/// Follows the log until it is dropped or the log ends.
fn subscribe(
    store: Arc<DiskStore>,
    delivered: Arc<Mutex<Vec<(Position, EventId)>>>,
) -> JoinSet<()> {
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut subscription = Subscription::new(store, Position::START, Filter::default(), 16);
        while let Ok(batch) = subscription.next().await {
            let mut delivered = delivered.lock().expect("nobody panics while holding this");
            delivered.extend(batch.events.iter().map(|event| (event.position, event.id)));
        }
    });
    task
}

fn event(rng: &SeededRng, id: u64, command: Option<CommandId>) -> NewEvent {
    let length = usize::try_from(rng.below(300)).expect("a small number");
    let mut metadata = Metadata { command, ..Metadata::default() };
    if rng.below(3) == 0 {
        metadata.tags = vec![tag(rng.below(TAGS))];
    }
    NewEvent {
        id: EventId::from_u128(u128::from(id)),
        event_type: EventType::new("account.deposited").expect("a name"),
        schema_version: SchemaVersion::FIRST,
        metadata,
        data: Payload::json(vec![b'7'; length]),
    }
}

fn tag(number: u64) -> Tag {
    Tag::new(format!("seat:{number}")).expect("a tag")
}

fn stream(number: u64) -> StreamId {
    StreamId::new("account", number).expect("a stream")
}

/// One append of any kind, and what came of it.
async fn ask(store: &DiskStore, rng: &SeededRng, number: u64) -> Asked {
    let command = (rng.below(2) == 0).then(|| CommandId::from_u128(u128::from(number) << 32));
    let id = |nth: u64| number * 64 + nth;
    let events = |from: u64, count: u64| -> Vec<NewEvent> {
        (from..from + count).map(|nth| event(rng, id(nth), command)).collect()
    };
    let expected = match rng.below(4) {
        0 => Expected::Exactly(Version::new(rng.below(20))),
        1 => Expected::Exists,
        _ => Expected::Any,
    };
    let at = rng.below(STREAMS);
    let mut append = Append::to(stream(at), expected, events(0, 1 + rng.below(5)));
    if rng.below(4) == 0 {
        append = append.and(stream(at + 1), Expected::Any, events(8, 1 + rng.below(3)));
    }
    if rng.below(4) == 0 {
        let after = store.head().await.map_or(Position::START, |head| head.position);
        append =
            append.when(Condition { tags: vec![tag(rng.below(TAGS))], types: Vec::new(), after });
    }
    append.command = command;
    let all: Vec<EventId> =
        append.writes.iter().flat_map(|write| write.events.iter().map(|event| event.id)).collect();
    let answer = match store.append(append).await {
        Ok(appended) => match appended.outcome {
            Outcome::Accepted { first, .. } => Answer::Acknowledged(first),
            _ => Answer::Unknown,
        },
        Err(AppendError::Stopped(_) | AppendError::Unknown(_)) => Answer::Unknown,
        Err(_) => Answer::Refused,
    };
    Asked { events: all, command, answer }
}
