//! How long a connection may stay: until the gateway stops, or until its place is needed.
//!
//! When all places are taken, the connection that has been idle for longest goes. What a connection
//! notes for that costs it a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// A connection's leave to stay.
#[derive(Debug, Clone)]
pub(crate) struct Stay {
    /// Cancelled when it should go, as soon as nothing is under way.
    pub(crate) over: CancellationToken,
    /// Since when it is idle, in the clock's nanoseconds, and one more; 0 when it is not.
    idle_since: Arc<AtomicU64>,
}

impl Stay {
    /// Until the gateway stops.
    pub(crate) fn until(stop: &CancellationToken) -> Self {
        Self { over: stop.child_token(), idle_since: Arc::default() }
    }

    /// Nothing is under way.
    pub(crate) fn idle(&self, now: Duration) {
        let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX - 1);
        self.idle_since.store(nanos.saturating_add(1), Ordering::Relaxed);
    }

    /// Something is under way.
    pub(crate) fn busy(&self) {
        self.idle_since.store(0, Ordering::Relaxed);
    }

    /// Since when nothing is, if nothing is; the earlier, the smaller.
    pub(crate) fn idle_since(&self) -> Option<u64> {
        Some(self.idle_since.load(Ordering::Relaxed)).filter(|since| *since > 0)
    }
}
