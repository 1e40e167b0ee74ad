//! A made-up town: accounts whose events are folded into balances, in a log in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ondol_domain::{Codec, Facts, Index, Keys, View};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::{EventId, Metadata, NewEvent, Payload, Position, Recorded, StreamId};
use ondol_store::{Append, EventStore, Expected, LogEpoch, MemoryStore};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Stage;
use crate::{
    Checkpoint, Document, FollowError, Parked, Parts, Projector, ProjectorOptions, Query,
    Selection, Source, SourceCheckpoint, SourceName, Target, ViewHandle, ViewId, ViewStore,
};

/// What happens in the town.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An account has an owner.
    Opened { owner: String },
    /// It has more money.
    Deposited { amount: i64 },
    /// It has less, and another has more.
    Sent { to: String, amount: i64 },
    /// The fold panics over it until the fuse is mended.
    Blown { fuse: String },
    /// The document has so many more bytes.
    Noted { bytes: usize },
    /// Nothing that a balance shows.
    Greeted,
}

impl Facts for Event {
    const KIND: &'static str = "account";
}

static MENDED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// From now on the fold does not panic over this fuse.
pub fn mend(fuse: &str) {
    MENDED.lock().unwrap_or_else(PoisonError::into_inner).insert(fuse.to_owned());
}

fn is_mended(fuse: &str) -> bool {
    MENDED.lock().unwrap_or_else(PoisonError::into_inner).contains(fuse)
}

/// One account, as events have left it. The trail depends on every event and on their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub owner: Option<String>,
    pub amount: i64,
    pub trail: u64,
    pub note: String,
}

impl Balance {
    fn fold(&mut self, event: &Recorded<Event>) {
        self.trail = self.trail.wrapping_mul(31).wrapping_add(event.position.get());
        match &event.data {
            Event::Opened { owner } => self.owner = Some(owner.clone()),
            Event::Deposited { amount } => self.amount += amount,
            Event::Sent { to, amount } if to == event.stream.key() => self.amount += amount / 7,
            Event::Sent { amount, .. } => self.amount -= amount,
            Event::Blown { fuse } => assert!(is_mended(fuse), "the fuse {fuse} has blown"),
            Event::Noted { bytes } => self.note.push_str(&"x".repeat(*bytes)),
            Event::Greeted => {}
        }
    }
}

fn keys(event: &Recorded<Event>) -> Keys {
    match &event.data {
        Event::Greeted => Keys::None,
        Event::Sent { to, .. } => Keys::many([event.stream.key(), to]),
        _ => Keys::one(event.stream.key()),
    }
}

impl View for Balance {
    const NAME: &'static str = "balance";
    const VERSION: u32 = 1;
    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        keys(event)
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        self.fold(event);
    }

    fn indexes() -> &'static [Index<Self>] {
        const {
            &[
                Index::prefix("owner", |balance: &Self| balance.owner.as_deref().into()),
                Index::ordered("amount", |balance: &Self| balance.amount.into()),
            ]
        }
    }
}

/// The same view a version later: it counts double.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubled(pub i64);

impl View for Doubled {
    const NAME: &'static str = "balance";
    const VERSION: u32 = 2;
    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        keys(event)
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        if let Event::Deposited { amount } = &event.data {
            self.0 += 2 * amount;
        }
    }
}

/// The town.
pub struct Town {
    pub stage: Stage,
    pub log: Arc<MemoryStore>,
    pub clock: Arc<dyn Clock>,
    pub codec: Codec<Event>,
}

/// A projection that runs.
pub struct Running<V: View> {
    pub handle: ViewHandle<V>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinSet<Result<(), FollowError>>,
}

/// How long a case waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The name of the town's log.
pub fn town_log() -> SourceName {
    SourceName::new("town").expect("it is a name")
}

/// Options under which everything happens often: small pages, small chunks, a small cache.
pub fn tight() -> ProjectorOptions {
    ProjectorOptions {
        page_events_max: 7,
        chunk_events_max: 20,
        chunk_documents_max: 3,
        cache_documents_max: 4,
        retry_ms_min: 1,
        retry_ms_max: 5,
        ..ProjectorOptions::default()
    }
}

impl Town {
    pub fn new(stage: Stage) -> Self {
        Self {
            stage,
            log: Arc::new(MemoryStore::default()),
            clock: Arc::new(SystemClock::start()),
            codec: Codec::new().expect("the town's events are well declared"),
        }
    }

    pub fn views(&self) -> &dyn ViewStore {
        self.stage.store.as_ref()
    }

    /// Records what has happened to an account.
    pub async fn append(&self, account: &str, events: impl IntoIterator<Item = Event>) {
        let encoded = events.into_iter().map(|event| {
            let encoded = self.codec.encode(&event).expect("the town's events can be written");
            (encoded.event_type, encoded.payload)
        });
        self.append_raw(account, encoded.collect()).await;
    }

    /// Records something that cannot be read.
    pub async fn append_garbage(&self, account: &str) {
        let event_type = "account.deposited".parse().expect("it is a type");
        self.append_raw(account, vec![(event_type, Payload::json("{\"amount\":"))]).await;
    }

    async fn append_raw(&self, account: &str, events: Vec<(ondol_kernel::EventType, Payload)>) {
        let stream = StreamId::new("account", account).expect("it is a stream");
        let head = self.log.head().await.expect("the log is there").position.get();
        let new = |(number, (event_type, data))| NewEvent {
            id: EventId::named(&format!("{account}/{}", head + number)),
            event_type,
            schema_version: ondol_kernel::SchemaVersion::FIRST,
            metadata: Metadata::default(),
            data,
        };
        let events: Vec<_> = (0..).zip(events).map(new).collect();
        for some in events.chunks(500) {
            let append = Append::to(stream.clone(), Expected::Any, some.to_vec());
            self.log.append(append).await.expect("the log takes it");
        }
    }

    pub fn parts(&self) -> Parts {
        let log: Arc<dyn EventStore> = self.log.clone();
        Parts {
            views: Arc::clone(&self.stage.store),
            sources: vec![Source::new(town_log(), log)],
            clock: Arc::clone(&self.clock),
        }
    }

    pub fn start<V: View>(&self, options: ProjectorOptions) -> Running<V> {
        start(options, self.parts())
    }

    /// Runs a projection until it has folded everything, and stops it.
    pub async fn fold_all<V: View>(&self, options: ProjectorOptions) {
        let running = self.start::<V>(options);
        self.caught_up(&running).await;
        running.stop().await.expect("it stops well");
    }

    /// Where the log ends, as a view is asked for it.
    pub async fn head(&self) -> SourceCheckpoint {
        let head = self.log.head().await.expect("the log is there");
        let checkpoint = Checkpoint { epoch: head.epoch, position: head.position };
        SourceCheckpoint { source: town_log(), checkpoint }
    }

    pub async fn caught_up<V: View>(&self, running: &Running<V>) {
        let head = self.head().await;
        running.handle.wait_for(&head, PATIENCE).await.expect("the view catches up");
    }

    /// The documents that answer.
    pub async fn documents(&self) -> BTreeMap<String, Document> {
        let name = "balance".parse().expect("it is a name");
        self.documents_of(&Target::Serving(name)).await
    }

    pub async fn documents_of(&self, target: &Target) -> BTreeMap<String, Document> {
        let mut query = Query::of(Selection::all(), 1_000);
        let mut found = BTreeMap::new();
        loop {
            let page = self.views().query(target, query.clone()).await.expect("it answers");
            let documents = page.documents.into_iter();
            found.extend(documents.map(|document| (document.key.to_string(), document)));
            let Some(next) = page.next else { return found };
            query = query.after(next);
        }
    }

    pub async fn balances(&self) -> BTreeMap<String, Balance> {
        let read = |(key, document): (String, Document)| {
            (key, serde_json::from_str(&document.json).expect("it is a balance"))
        };
        self.documents().await.into_iter().map(read).collect()
    }

    pub async fn amount(&self, account: &str) -> i64 {
        self.balances().await.get(account).map_or(0, |balance| balance.amount)
    }

    /// What a plain loop makes of the log: no batches, no cache, no store.
    pub async fn expected(&self, log: &MemoryStore) -> BTreeMap<String, Balance> {
        let mut found = BTreeMap::<String, Balance>::new();
        let read = ondol_store::ReadAll::after(Position::START, 10_000);
        let page = log.read_all(read).await.expect("the log is read");
        assert_eq!(page.seen, page.head, "the town's log has one page");
        for envelope in page.events {
            let event = self.codec.read(envelope).expect("it can be read");
            for key in keys(&event).as_slice() {
                found.entry(key.clone()).or_default().fold(&event);
            }
        }
        found
    }

    pub async fn parked(&self) -> Vec<Parked> {
        self.views().parked(&balance(1), None, 1_000).await.expect("parked keys are read")
    }

    pub async fn waiting(&self, parked: &Parked) -> Vec<u64> {
        let waiting = self.views().waiting(&balance(1), &parked.unit).await;
        waiting.expect("what waits is read").iter().map(|one| one.position.get()).collect()
    }
}

/// A build of the first version.
pub fn balance(build: u32) -> ViewId {
    let name = "balance".parse().expect("it is a name");
    ViewId { name, version: 1, build }
}

pub fn other_log() -> MemoryStore {
    MemoryStore::new(LogEpoch::named("another life"), ondol_store::Limits::default())
}

pub fn deposit(amount: i64) -> Event {
    Event::Deposited { amount }
}

pub fn blown(fuse: &str) -> Event {
    Event::Blown { fuse: fuse.to_owned() }
}

pub fn start<V: View>(options: ProjectorOptions, parts: Parts) -> Running<V> {
    let projector = Projector::<V>::new(options, parts).expect("the view can be projected");
    let handle = projector.handle();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut task = JoinSet::new();
    task.spawn(projector.run(async move { drop(stopped.await) }));
    Running { handle, stop: Some(stop), task }
}

impl<V: View> Running<V> {
    pub async fn stop(mut self) -> Result<(), FollowError> {
        drop(self.stop.take());
        self.ended().await
    }

    /// How it ends by itself.
    pub async fn ended(&mut self) -> Result<(), FollowError> {
        let ended = tokio::time::timeout(PATIENCE, self.task.join_next()).await;
        let ended = ended.expect("it ends in time").expect("it was begun");
        ended.expect("it does not panic")
    }
}

/// Waits for something that must come.
pub async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let look = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_over| unreachable!("{what}"));
}
