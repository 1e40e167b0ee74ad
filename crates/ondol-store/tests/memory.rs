//! The memory engine passes the suite.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ondol_kernel::Position;
use ondol_store::conformance::{Engine, SharedEngine};
use ondol_store::{EventStore, Limits, LogEpoch, MemoryStore, ReadAll, Replica};

struct Memory {
    store: Arc<MemoryStore>,
}

#[async_trait]
impl Engine for Memory {
    async fn create() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(1);
        let epoch = LogEpoch::from_u128(u128::from(MADE.fetch_add(1, Ordering::Relaxed)));
        Self { store: Arc::new(MemoryStore::new(epoch, Limits::default())) }
    }

    fn store(&self) -> Arc<dyn Replica> {
        Arc::<MemoryStore>::clone(&self.store)
    }

    /// The events are all there is: outcomes and indexes follow from them.
    async fn reopen(&mut self) {
        let epoch = self.store.head().await.expect("memory can be read").epoch;
        let reopened = MemoryStore::new(epoch, Limits::default());
        let mut after = Position::START;
        loop {
            let read = ReadAll::after(after, usize::MAX);
            let page = self.store.read_all(read).await.expect("memory can be read");
            after = page.seen;
            reopened.append_recorded(page.events).await.expect("the events are in order");
            if page.seen == page.head {
                break;
            }
        }
        self.store = Arc::new(reopened);
    }
}

/// Memory is shared within its process only: one more instance is the same one.
#[async_trait]
impl SharedEngine for Memory {
    async fn another(&self) -> Arc<dyn Replica> {
        self.store()
    }
}

ondol_store::conformance!(Memory);
ondol_store::conformance_shared!(Memory);
