//! A view that gathers is written once for many changes, and misses none.

use std::sync::Arc;
use std::time::Duration;

use ondol_domain::{Codec, Facts, Keys, View};
use ondol_doors::ManualClock;
use ondol_kernel::{EventId, Metadata, NewEvent, Recorded, StreamId, Timestamp};
use ondol_store::{Append, EventStore, Expected, MemoryStore};
use ondol_views::{
    DocumentKey, Documents, MemoryViews, Parts, Projector, ProjectorOptions, Source, SourceName,
    ViewStore,
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Rung,
}

impl Facts for Event {
    const KIND: &'static str = "bell";
}

/// How often a bell was rung.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Rings(u32);

impl View for Rings {
    const NAME: &'static str = "rings";
    const VERSION: u32 = 1;
    const GATHERS: Duration = Duration::from_secs(1);
    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, _event: &Recorded<Event>) {
        self.0 += 1;
    }
}

struct Tower {
    store: Arc<MemoryStore>,
    views: Arc<MemoryViews>,
    clock: Arc<ManualClock>,
    projecting: JoinSet<()>,
    rung: u128,
}

impl Tower {
    fn new() -> Self {
        let (store, views) = (Arc::<MemoryStore>::default(), Arc::<MemoryViews>::default());
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let parts = Parts {
            views: views.clone(),
            sources: vec![Source::new(SourceName::new("tower").expect("a name"), store.clone())],
            clock: clock.clone(),
        };
        let projector = Projector::<Rings>::new(ProjectorOptions::default(), parts);
        let projector = projector.expect("it can be projected");
        let mut projecting = JoinSet::new();
        projecting.spawn(async move {
            projector.run(std::future::pending()).await.expect("it is folded");
        });
        Self { store, views, clock, projecting, rung: 0 }
    }

    async fn ring(&mut self) {
        self.rung += 1;
        let encoded = Codec::<Event>::new().expect("shapes").encode(&Event::Rung).expect("JSON");
        let event = NewEvent {
            id: EventId::from_u128(self.rung),
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            metadata: Metadata::default(),
            data: encoded.payload,
        };
        let stream = StreamId::new("bell", "big").expect("a name");
        let append = Append::to(stream, Expected::Any, vec![event]);
        self.store.append(append).await.expect("it is recorded");
    }

    /// What the view says, once everything that can be done without time passing is done.
    async fn told(&self) -> u32 {
        for _turn in 0..200 {
            tokio::task::yield_now().await;
        }
        let views: Arc<dyn ViewStore> = self.views.clone();
        let documents = Documents::<Rings>::new(views).expect("a name");
        let found = documents.get(&DocumentKey::new("big").expect("a key")).await;
        found.ok().flatten().map_or(0, |found| found.value.0)
    }
}

#[tokio::test]
async fn a_view_that_gathers_is_written_once_for_many_changes_and_misses_none() {
    let mut tower = Tower::new();
    tower.told().await;
    tower.clock.advance(Duration::from_secs(1));
    tower.ring().await;
    assert_eq!(tower.told().await, 1, "it has not been written for a second");
    for _ring in 0..5 {
        tower.ring().await;
        assert_eq!(tower.told().await, 1, "what comes so soon after is gathered");
    }
    tower.clock.advance(Duration::from_millis(999));
    assert_eq!(tower.told().await, 1);
    tower.clock.advance(Duration::from_millis(1));
    assert_eq!(tower.told().await, 6, "all of it is there, without another event");
    tower.projecting.shutdown().await;
}
