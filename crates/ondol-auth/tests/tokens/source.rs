//! An issuer whose keys can be changed, taken away and counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ondol_auth::{FetchError, KeySource};
use tokio::sync::Semaphore;

/// An issuer's published keys; `None` when it cannot be reached.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) published: Mutex<Option<Vec<u8>>>,
    pub(crate) fetches: AtomicUsize,
    /// A fetch waits for a permit.
    pub(crate) gate: Semaphore,
}

impl Issuer {
    pub(crate) fn publishing(set: Vec<u8>) -> Arc<Self> {
        let published = Mutex::new(Some(set));
        Arc::new(Self { published, fetches: AtomicUsize::new(0), gate: Semaphore::new(1_000) })
    }

    pub(crate) fn publish(&self, set: Option<Vec<u8>>) {
        *self.published.lock().expect("nobody panics") = set;
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl KeySource for Issuer {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let _permit = self.gate.acquire().await.expect("the gate is never closed");
        let published = self.published.lock().expect("nobody panics").clone();
        published.ok_or_else(|| FetchError("it cannot be reached".into()))
    }
}
