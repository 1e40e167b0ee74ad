//! Many who read one feed: what is told is translated once for all who read along, and whoever is
//! far behind gets all of it as well, and costs nobody else anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ondol_bus::{Feed, Follower, LogFeed, Publication};
use ondol_domain::{Codec, Encoded, Facts};
use ondol_doors::{Clock, Rng, SeededRng, SystemClock};
use ondol_kernel::{Metadata, NewEvent, Position, Recorded, StreamId};
use ondol_store::{Append, EventStore, Expected, Limits, LogEpoch, MemoryStore};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

const READERS: usize = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Inner {
    Said { words: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Told {
    Heard { words: String },
}

impl Facts for Inner {
    const KIND: &'static str = "inner";
}

impl Facts for Told {
    const KIND: &'static str = "told";
    const SERVICE: Option<&'static str> = Some("house.mouth");
}

struct Mouth {
    log: Arc<MemoryStore>,
    feed: Arc<dyn Feed>,
    translated: Arc<AtomicUsize>,
    clock: Arc<SystemClock>,
    rng: SeededRng,
}

impl Mouth {
    fn open() -> Self {
        let log = Arc::new(MemoryStore::new(LogEpoch::from_u128(1), Limits::default()));
        let (translated, clock) = (Arc::new(AtomicUsize::new(0)), Arc::new(SystemClock::start()));
        let counted = Arc::clone(&translated);
        let publication = Publication::of(move |event: &Recorded<Inner>| {
            counted.fetch_add(1, Ordering::SeqCst);
            let Inner::Said { words } = event.data.clone();
            [Told::Heard { words }]
        });
        let publications = vec![publication.expect("it is as the test needs it")];
        let feed = LogFeed::public("house.mouth", log.clone(), publications, clock.clone());
        Self { log, feed: Arc::new(feed), translated, clock, rng: SeededRng::new(1) }
    }

    async fn says(&self, words: &str, times: usize) {
        let codec = Codec::<Inner>::new().expect("it is as the test needs it");
        let said = codec
            .encode(&Inner::Said { words: words.to_owned() })
            .expect("it is as the test needs it");
        let Encoded { event_type, schema_version, payload } = said;
        let rng: &dyn Rng = &self.rng;
        for _ in 0..times {
            let event = NewEvent {
                id: rng.id(self.clock.now()),
                event_type: event_type.clone(),
                schema_version,
                metadata: Metadata::default(),
                data: payload.clone(),
            };
            let stream = StreamId::new("inner", "one").expect("it is as the test needs it");
            let append = Append::to(stream, Expected::Any, vec![event]);
            self.log.append(append).await.expect("it is as the test needs it");
        }
    }

    /// Reads everything up to a position after another one; says which positions came.
    fn reader(&self, after: u64, until: u64) -> impl Future<Output = Vec<u64>> + use<> {
        let (feed, after) = (Arc::clone(&self.feed), Position::new(after));
        let mut follower = Follower::new(feed, after, None, Vec::new(), 100);
        async move {
            let mut came = Vec::new();
            while came.last().is_none_or(|last| *last < until) {
                let followed = follower
                    .next(Duration::from_secs(60))
                    .await
                    .expect("it is as the test needs it");
                came.extend(followed.events.iter().map(|event| event.position.get()));
            }
            came
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ten_readers_read_along_is_translated_once() {
    const EVENTS: u64 = 3_000;
    let mouth = Mouth::open();
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        reading.spawn(mouth.reader(0, EVENTS));
    }
    mouth.says("good day", 3_000).await;
    let expected: Vec<u64> = (1..=EVENTS).collect();
    while let Some(came) = reading.join_next().await {
        assert_eq!(came.unwrap(), expected);
    }
    assert_eq!(mouth.translated.load(Ordering::SeqCst), 3_000);
    // One who comes later finds it still there.
    assert_eq!(mouth.reader(1_000, EVENTS).await, expected[1_000..]);
    assert_eq!(mouth.translated.load(Ordering::SeqCst), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_for_readers_has_a_limit_and_who_is_behind_it_reads_all_the_same() {
    // Many times as much as is kept: what was said first is gone.
    const EVENTS: u64 = 640;
    let mouth = Mouth::open();
    mouth.says(&"a".repeat(100_000), 640).await;
    let expected: Vec<u64> = (1..=EVENTS).collect();
    assert_eq!(mouth.reader(0, EVENTS).await, expected);
    let before = mouth.translated.load(Ordering::SeqCst);
    assert_eq!(before, 640);
    assert_eq!(mouth.reader(0, EVENTS).await, expected);
    let again = mouth.translated.load(Ordering::SeqCst) - before;
    assert!(again > 200, "what was long ago is translated anew, found {again}");
    // One who reads along at the end is not held up, nor is anything of his translated twice.
    let live = mouth.reader(EVENTS, EVENTS + 1);
    let before = mouth.translated.load(Ordering::SeqCst);
    mouth.says("good night", 1).await;
    assert_eq!(live.await, [EVENTS + 1]);
    assert_eq!(mouth.translated.load(Ordering::SeqCst), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_to_be_kept_is_read_by_all_who_read_along() {
    const EVENTS: u64 = 300;
    let mouth = Mouth::open();
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        reading.spawn(mouth.reader(0, EVENTS));
    }
    mouth.says(&"a".repeat(100_000), 300).await;
    let expected: Vec<u64> = (1..=EVENTS).collect();
    while let Some(came) = reading.join_next().await {
        assert_eq!(came.unwrap(), expected);
    }
}
