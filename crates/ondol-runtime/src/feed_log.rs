//! Another service's feed, as a log that views can be folded from. It can be read and followed, and
//! nothing is ever written to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_bus::{Feed, FeedError, Followed, ReadFeed, is_untold};
use ondol_doors::Clock;
use ondol_kernel::{
    CommandId, ContentType, Envelope, EventType, MediaType, Payload, Position, StreamId,
};
use ondol_store::{
    Append, AppendError, Appended, BoxError, EventStore, Head, Limits, LogEpoch, Outcome, Page,
    ReadAll, ReadError, ReadStream, Snapshot, SnapshotError,
};
use tokio::sync::watch;

/// How long a feed is asked to wait for something new.
const WAIT: Duration = Duration::from_secs(10);
/// How long to wait before a feed that cannot be read is read again.
const PAUSE: Duration = Duration::from_millis(500);

/// A feed as a log.
#[derive(Debug)]
pub(crate) struct FeedLog {
    feed: Arc<dyn Feed>,
    types: Vec<EventType>,
    limits: Limits,
    head: watch::Sender<Head>,
}

impl FeedLog {
    /// The events of some types of a feed.
    pub(crate) fn new(feed: Arc<dyn Feed>, types: Vec<EventType>) -> Arc<Self> {
        let nowhere = Head { epoch: LogEpoch::from_u128(0), position: Position::START };
        let head = watch::Sender::new(nowhere);
        Arc::new(Self { feed, types, limits: Limits::default(), head })
    }

    /// Listens for something new, for as long as anybody folds it.
    pub(crate) async fn listen(self: Arc<Self>, clock: Arc<dyn Clock>) {
        loop {
            let after = self.head.borrow().position;
            let read = ReadFeed::after(after, 1).only(self.types.clone()).waiting(WAIT);
            match self.feed.read(read).await {
                Ok(page) => self.has_come_to(page.head),
                Err(_told_to_whoever_reads) => clock.sleep(PAUSE).await,
            }
        }
    }

    fn has_come_to(&self, found: Head) {
        self.head.send_if_modified(|head| {
            let has_moved = *head != found;
            *head = found;
            has_moved
        });
    }

    /// One that stands for an event that cannot be told is read as one that cannot be read, so
    /// that its stream waits.
    fn as_event(&self, mut event: Envelope) -> Envelope {
        if is_untold(&event)
            && let Some(event_type) = self.types.first()
        {
            event.event_type = event_type.clone();
            let untold = MediaType::new("application/vnd.ondol.untold");
            let content_type = ContentType::Other(untold.expect("the name keeps the rules"));
            event.data = Payload { content_type, bytes: bytes::Bytes::new() };
        }
        event
    }
}

fn failed(error: FeedError) -> ReadError {
    match error {
        FeedError::AheadOfLog { asked, head, epoch } => {
            ReadError::AheadOfLog { asked, head, epoch }
        }
        error => ReadError::Unavailable(error.into()),
    }
}

/// A feed is not one's own to write to.
#[derive(Debug, thiserror::Error)]
#[error("the feed of another service can only be read")]
struct OnlyRead;

fn only_read() -> BoxError {
    OnlyRead.into()
}

#[async_trait]
impl EventStore for FeedLog {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    async fn append(&self, _append: Append) -> Result<Appended, AppendError> {
        Err(AppendError::Unavailable(only_read()))
    }

    async fn read_stream(&self, _read: ReadStream) -> Result<Vec<Envelope>, ReadError> {
        Err(ReadError::Unavailable(only_read()))
    }

    async fn read_all(&self, read: ReadAll) -> Result<Page, ReadError> {
        let asked = ReadFeed::after(read.after, read.limit).only(self.types.clone());
        let page = self.feed.read(asked).await.map_err(failed)?;
        self.has_come_to(page.head);
        // What is missing is seen, and read again; what comes twice is passed over.
        let followed = Followed::of(read.after, page);
        let followed = followed.map_err(|hole| ReadError::Unavailable(hole.into()))?;
        let events = followed
            .events
            .into_iter()
            .map(Arc::unwrap_or_clone)
            .map(|event| self.as_event(event))
            .collect();
        Ok(Page { events, seen: followed.seen, head: followed.head })
    }

    async fn head(&self) -> Result<Head, ReadError> {
        let after = self.head.borrow().position;
        let read = ReadFeed::after(after, 1).only(self.types.clone());
        let page = self.feed.read(read).await.map_err(failed)?;
        self.has_come_to(page.head);
        Ok(page.head)
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    async fn outcome(&self, _command: CommandId) -> Result<Option<Outcome>, ReadError> {
        Ok(None)
    }

    async fn save_snapshot(&self, _snapshot: Snapshot) -> Result<(), SnapshotError> {
        Err(SnapshotError::Unavailable(only_read()))
    }

    async fn load_snapshot(
        &self,
        _stream: &StreamId,
        _fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        Ok(None)
    }
}
