//! Reading what is there, then waiting for more.
//!
//! A subscription is a position and a question, nothing else: it reads pages after what it has
//! delivered, and when there are none it waits until the log has grown. It holds no buffer, so
//! however slow its owner is, writers and memory do not notice. A wait that is given up leaves
//! its reading under way, for the next wait to take up: whoever waits a little, often, still gets
//! on with a store that answers slowly.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ondol_kernel::{Envelope, Position};
use tokio::sync::watch;

use crate::{BoxError, EventStore, Filter, Head, Page, ReadAll, ReadError};

/// A reader that follows the log.
pub struct Subscription {
    store: Arc<dyn EventStore>,
    grown: watch::Receiver<Head>,
    next: ReadAll,
    /// The page that is being read, if any.
    reading: Option<Reading>,
}

type Reading = Pin<Box<dyn Future<Output = Result<Page, ReadError>> + Send>>;

/// What a subscription delivers at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The events that were wanted, in order; there may be none when others were passed over.
    pub events: Vec<Envelope>,
    /// Everything up to here has been delivered or passed over: the checkpoint to keep.
    pub seen: Position,
    /// Whether there was nothing more when this was read.
    pub is_live: bool,
}

impl Subscription {
    /// Follows a log after a position, at most `limit` events at a time, and one at least.
    pub fn new(store: Arc<dyn EventStore>, after: Position, filter: Filter, limit: usize) -> Self {
        let grown = store.watch();
        Self { store, grown, next: ReadAll { after, filter, limit: limit.max(1) }, reading: None }
    }

    /// The next events, once there are any. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the log cannot be read, has stopped, or ends before what has been delivered.
    pub async fn next(&mut self) -> Result<Batch, ReadError> {
        loop {
            let page = self.read().await?;
            if page.seen > self.next.after {
                self.next.after = page.seen;
                let is_live = page.seen >= page.head;
                return Ok(Batch { events: page.events, seen: page.seen, is_live });
            }
            self.grown
                .changed()
                .await
                .map_err(|closed| ReadError::Stopped(BoxError::from(closed)))?;
        }
    }

    /// The page after what has been delivered. It is read in one piece, across waits.
    async fn read(&mut self) -> Result<Page, ReadError> {
        let reading = self.reading.get_or_insert_with(|| {
            self.grown.mark_unchanged();
            let (store, read) = (Arc::clone(&self.store), self.next.clone());
            Box::pin(async move { store.read_all(read).await })
        });
        let page = reading.await;
        self.reading = None;
        page
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("store", &self.store)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
