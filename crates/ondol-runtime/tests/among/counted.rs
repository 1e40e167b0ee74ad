//! How much arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ondol_bus::{About, CallFailure, Calls, Feed, FeedError, FeedPage, ReadFeed, Reply};
use ondol_domain::Call;

/// How much has arrived.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    events: AtomicU64,
    asked: AtomicU64,
}

impl Counted {
    pub(crate) fn events(&self) -> u64 {
        self.events.load(Ordering::SeqCst)
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A feed whose events are counted as they arrive.
#[derive(Debug)]
pub(crate) struct CountedFeed {
    inner: Arc<dyn Feed>,
    counted: Arc<Counted>,
}

impl CountedFeed {
    pub(crate) fn of(inner: Arc<dyn Feed>, counted: Arc<Counted>) -> Self {
        Self { inner, counted }
    }
}

#[async_trait]
impl Feed for CountedFeed {
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError> {
        let page = self.inner.read(read).await?;
        let count = u64::try_from(page.events.len()).expect("a page is small");
        self.counted.events.fetch_add(count, Ordering::SeqCst);
        Ok(page)
    }
}

/// Whoever answers, with what is asked counted as it arrives.
#[derive(Debug)]
pub(crate) struct CountedCalls {
    inner: Arc<dyn Calls>,
    counted: Arc<Counted>,
}

impl CountedCalls {
    pub(crate) fn of(inner: Arc<dyn Calls>, counted: Arc<Counted>) -> Self {
        Self { inner, counted }
    }
}

#[async_trait]
impl Calls for CountedCalls {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.counted.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.ask(call, about).await
    }

    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.inner.void(call, about).await
    }
}
