//! A log of notes, and an effect that writes down what it is told of.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ondol_bus::{
    About, CallFailure, Calls, Feed, FeedError, FeedPage, LogFeed, ReadFeed, Reply, UNTOLD,
};
use ondol_domain::{Call, Codec, Encoded, Facts};
use ondol_doors::{Rng, SeededRng, SystemClock};
use ondol_kernel::{Actor, EventType, Metadata, NewEvent, Position, Recorded, StreamId};
use ondol_lease::Duty;
use ondol_store::{Append, EventStore, Expected, Limits, LogEpoch, MemoryStore};
use ondol_timers::MemoryTimers;
use ondol_views::{
    Change, Definition, MemoryViews, Query, Selection, SourceName, Target, ViewId, ViewName,
    ViewStore, Write,
};
use serde::{Deserialize, Serialize};

use super::super::*;
use crate::{Ground, Home, Supervisor};

/// Long enough for anything that comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Note {
    Written { number: u32 },
}

impl Facts for Note {
    const KIND: &'static str = "note";
}

#[derive(Debug, Default)]
struct Outside {
    told: Mutex<Vec<(String, u32)>>,
    poison: Mutex<BTreeSet<(String, u32)>>,
    is_down: AtomicBool,
}

impl Outside {
    fn tell(&self, stream: String, number: u32) -> Result<String, EffectError> {
        assert_ne!(number, 666, "the number of the beast");
        if self.is_down.load(Ordering::SeqCst) {
            return Err(EffectError::NotNow("nobody is there".to_owned()));
        }
        if self.poison.lock().unwrap().contains(&(stream.clone(), number)) {
            return Err(EffectError::Never("it is poison".to_owned()));
        }
        self.told.lock().unwrap().push((stream, number));
        Ok("told".to_owned())
    }
}

#[derive(Debug)]
pub(super) struct Desk {
    outside: Arc<Outside>,
    store: Arc<MemoryStore>,
    home: Home,
}

pub(super) struct Room {
    pub(super) control: ReactionControl,
    supervisor: Supervisor,
}

/// Nobody is asked here.
#[derive(Debug)]
struct Nobody;

#[async_trait::async_trait]
impl Calls for Nobody {
    async fn ask(&self, _call: &Call, _about: &About) -> Result<Reply, CallFailure> {
        panic!("nobody is asked")
    }

    async fn void(&self, _call: &Call, _about: &About) -> Result<Reply, CallFailure> {
        panic!("nobody is asked")
    }
}

/// What cannot be told by a feed.
pub(super) const UNSPEAKABLE: u32 = 4_000_000_000;

/// A feed that tells nothing of the unspeakable but its stream.
#[derive(Debug)]
struct Tongue(LogFeed);

#[async_trait::async_trait]
impl Feed for Tongue {
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError> {
        let mut page = self.0.read(read).await?;
        let unspeakable = format!(r#"{{"number":{UNSPEAKABLE}}}"#);
        for published in &mut page.events {
            if published.event.data.bytes == unspeakable.as_bytes() {
                Arc::make_mut(&mut published.event).event_type = EventType::new(UNTOLD).unwrap();
            }
        }
        Ok(page)
    }
}

pub(super) fn by() -> Actor {
    Actor::new("kim").unwrap()
}

/// What was told of a stream, in order.
pub(super) fn numbers(desk: &Desk, stream: &str) -> Vec<u32> {
    let told = desk.outside.told.lock().unwrap();
    told.iter().filter(|(of, _)| of == stream).map(|(_, number)| *number).collect()
}

impl Desk {
    pub(super) fn open() -> Self {
        let store = Arc::new(MemoryStore::new(LogEpoch::from_u128(1), Limits::default()));
        let log: Arc<dyn EventStore> = store.clone();
        let clock = Arc::new(SystemClock::start());
        let ground = Ground { store: log, clock, rng: Arc::new(SeededRng::new(1)) };
        let home = Home {
            ground,
            views: Arc::new(MemoryViews::default()),
            timers: Arc::new(MemoryTimers::default()),
        };
        Self { outside: Arc::default(), store, home }
    }

    pub(super) fn options(&self) -> ReactionOptions {
        let pause_min = Duration::from_millis(1);
        ReactionOptions { pause_min, pause_max: pause_min * 4, ..ReactionOptions::default() }
    }

    pub(super) fn poison(&self, stream: &str, number: u32) {
        self.outside.poison.lock().unwrap().insert((stream.to_owned(), number));
    }

    pub(super) fn is_poison(&self, stream: &str, number: u32) -> bool {
        self.outside.poison.lock().unwrap().contains(&(stream.to_owned(), number))
    }

    pub(super) fn cure(&self, stream: &str, number: u32) {
        self.outside.poison.lock().unwrap().remove(&(stream.to_owned(), number));
    }

    pub(super) fn cure_all(&self) {
        self.outside.poison.lock().unwrap().clear();
    }

    pub(super) fn outside_is_down(&self, is_down: bool) {
        self.outside.is_down.store(is_down, Ordering::SeqCst);
    }

    pub(super) fn head(&self) -> Position {
        self.store.watch().borrow().position
    }

    pub(super) async fn write(&self, notes: &[(&str, u32)]) {
        let codec = Codec::<Note>::new().unwrap();
        for (stream, number) in notes {
            let note = codec.encode(&Note::Written { number: *number }).unwrap();
            let Encoded { event_type, schema_version, payload } = note;
            let rng: &dyn Rng = self.home.ground.rng.as_ref();
            let id = rng.id(self.home.ground.clock.now());
            let metadata = Metadata::default();
            let event = NewEvent { id, event_type, schema_version, metadata, data: payload };
            let stream = StreamId::new("note", stream).unwrap();
            let append = Append::to(stream, Expected::Any, vec![event]);
            self.store.append(append).await.unwrap();
        }
    }

    /// Starts the reaction as it stands.
    pub(super) fn start(&self) -> Room {
        self.start_in(&self.home)
    }

    /// Starts it where the checkpoint was lost, and only what people decided and what was sent
    /// is left: what a power cut may do to views in SQLite.
    pub(super) async fn start_without_checkpoint(&self) -> Room {
        let id = ViewId::first(ViewName::new("effect.tell-the-outside").unwrap(), 1);
        let all = Query::of(Selection::all(), 1_000);
        let kept = self.home.views.query(&Target::Exactly(id.clone()), all).await.unwrap();
        let (indexes, made) = (Vec::new(), self.home.ground.clock.now());
        let views: Arc<dyn ViewStore> = Arc::new(MemoryViews::default());
        views.create(Definition { id: id.clone(), indexes, fold: 1, made }).await.unwrap();
        let changes = kept.documents.into_iter().map(|one| Change::put(one, None)).collect();
        views.write(Write { changes, ..Write::to(id) }).await.unwrap();
        self.start_in(&Home { views, ..self.home.clone() })
    }

    fn start_in(&self, home: &Home) -> Room {
        let outside = Arc::clone(&self.outside);
        let effect = effect("tell the outside", move |note: Recorded<Note>, _id| {
            let outside = Arc::clone(&outside);
            let Note::Written { number } = note.data;
            Some(async move { outside.tell(note.stream.key().to_owned(), number) })
        });
        let ground = home.ground.clone();
        let feed = LogFeed::own("notes", ground.store, ground.clock);
        let source = ReactionSource {
            name: SourceName::new("notes").unwrap(),
            feed: Arc::new(Tongue(feed)),
            types: effect.sources[0].types.clone(),
        };
        let plan = Plan {
            service: "notes",
            reaction: Reaction::Effect(effect),
            sources: vec![source],
            calls: Arc::new(Nobody),
            options: self.options(),
            duty: Duty::always(),
        };
        let supervisor = Supervisor::new();
        let control = start(plan, home, &supervisor).unwrap();

        Room { control, supervisor }
    }
}

impl Room {
    /// Waits until everything up to a position has been dealt with or parked.
    pub(super) async fn dealt(&self, position: u64) {
        self.until(|progress| progress.has_dealt("notes", Position::new(position))).await;
    }

    pub(super) async fn until(&self, is_so: impl Fn(&ReactionProgress) -> bool) {
        let mut progress = self.control.watch();
        let so = tokio::time::timeout(LONG, progress.wait_for(is_so)).await;
        so.expect("in time").expect("it runs");
    }

    pub(super) async fn close(self) {
        self.supervisor.shut_down().await.expect("all has ended well");
    }
}
