//! A subscription over a store that grows at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ondol_kernel::{
    CommandId, Envelope, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion,
    StreamId,
};
use ondol_store::{
    Append, AppendError, Appended, EventStore, Expected, Filter, Head, Limits, MemoryStore,
    Outcome, Page, ReadAll, ReadError, ReadStream, Snapshot, SnapshotError, Subscription,
};
use tokio::sync::watch;

/// A store to which someone appends once, just after it was found to hold nothing more.
#[derive(Debug, Default)]
struct GrowsBehindTheReader {
    store: MemoryStore,
    has_grown: AtomicBool,
}

fn event(number: u128) -> Append {
    let event = NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("thing.happened").expect("a type"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json("{}"),
    };
    Append::to(StreamId::new("thing", 1).expect("a stream"), Expected::Any, vec![event])
}

#[async_trait]
impl EventStore for GrowsBehindTheReader {
    fn limits(&self) -> &Limits {
        self.store.limits()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.store.append(append).await
    }

    async fn read_stream(&self, read: ReadStream) -> Result<Vec<Envelope>, ReadError> {
        self.store.read_stream(read).await
    }

    async fn read_all(&self, read: ReadAll) -> Result<Page, ReadError> {
        let page = self.store.read_all(read).await?;
        if page.events.is_empty() && !self.has_grown.swap(true, Ordering::SeqCst) {
            self.store.append(event(2)).await.expect("there is room");
        }
        Ok(page)
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.store.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.store.watch()
    }

    async fn outcome(&self, command: CommandId) -> Result<Option<Outcome>, ReadError> {
        self.store.outcome(command).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.store.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        self.store.load_snapshot(stream, fold).await
    }
}

#[tokio::test]
async fn what_comes_while_a_subscriber_looks_is_not_slept_through() {
    let store = Arc::new(GrowsBehindTheReader::default());
    store.append(event(1)).await.expect("there is room");
    let following: Arc<dyn EventStore> = Arc::<GrowsBehindTheReader>::clone(&store);
    let mut subscription = Subscription::new(following, Position::START, Filter::default(), 10);
    for number in 1..=2 {
        let next = tokio::time::timeout(Duration::from_secs(60), subscription.next());
        let batch = next.await.expect("it is woken").expect("the log is read");
        assert_eq!(batch.seen, Position::new(number));
    }
    assert!(store.has_grown.load(Ordering::SeqCst));
}
