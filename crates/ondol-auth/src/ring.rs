//! The keys of an issuer, kept fresh: fetched anew when a token names a key that is not known,
//! but not because somebody wishes it.
//!
//! Anyone can name an unknown key, so fetches are spaced out, and everyone who waits for one waits
//! for the same. When the issuer cannot be reached, or publishes a set that is refused, the set at
//! hand stays in use; only when that has become too old is nobody believed any more.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use ondol_doors::Clock;
use tokio::sync::Mutex;

use crate::{KeySet, KeySetError, VerifyError, VerifyingKey};

/// The door through which an issuer's keys come in.
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// The published set, as bytes.
    ///
    /// # Errors
    /// When it cannot be had.
    async fn fetch(&self) -> Result<Vec<u8>, FetchError>;
}

/// The keys of an issuer could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("the keys of the issuer cannot be fetched")]
pub struct FetchError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// How keys are kept fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRingOptions {
    /// How long a set is used without looking whether there is a newer one.
    pub fresh_for: Duration,
    /// How far apart fetches are at least, whatever is asked for.
    pub fetch_apart: Duration,
    /// How long a fetch may take.
    pub fetch_within: Duration,
    /// How long a set is used while no newer one can be had.
    pub stale_longest: Duration,
}

impl Default for KeyRingOptions {
    fn default() -> Self {
        Self {
            fresh_for: Duration::from_secs(300),
            fetch_apart: Duration::from_secs(10),
            fetch_within: Duration::from_secs(5),
            stale_longest: Duration::from_secs(24 * 3600),
        }
    }
}

/// The keys of an issuer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KeyRing {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    options: KeyRingOptions,
    set: ArcSwap<Kept>,
    /// Raised with every set that differs: what was verified under an older one is verified anew.
    generation: AtomicU64,
    /// When the source was asked last; whoever holds it is asking.
    asking: Mutex<Option<Duration>>,
}

#[derive(Debug, Default)]
struct Kept {
    set: KeySet,
    bytes: Vec<u8>,
    /// When it was last seen at the source.
    seen: Option<Duration>,
}

impl KeyRing {
    /// A ring without keys, which fetches them when it is first asked for one.
    pub fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>, options: KeyRingOptions) -> Self {
        let inner = Inner {
            source,
            clock,
            options,
            set: ArcSwap::default(),
            generation: AtomicU64::new(0),
            asking: Mutex::new(None),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Counts the sets there have been.
    pub fn generation(&self) -> u64 {
        self.inner.generation.load(Ordering::Acquire)
    }

    /// Puts in a set that came another way: pushed, or of the same process.
    ///
    /// # Errors
    /// When the set is refused; then the one at hand stays.
    pub fn put(&self, bytes: Vec<u8>) -> Result<(), KeySetError> {
        self.inner.put(bytes)
    }

    /// Whether the set at hand need not be looked after.
    pub fn is_fresh(&self) -> bool {
        self.inner.age().is_some_and(|age| age <= self.inner.options.fresh_for)
    }

    /// Whether the set at hand is not too old to be believed.
    pub fn is_believed(&self) -> bool {
        self.inner.age().is_some_and(|age| age <= self.inner.options.stale_longest)
    }

    /// Asks for a newer set, unless that was done a moment ago.
    pub async fn look_after(&self) {
        self.inner.refresh(self.generation()).await;
    }

    /// The key of this name, if it is at hand and the set is not too old to be believed.
    ///
    /// # Errors
    /// When it is too old.
    pub fn at_hand(&self, kid: &str) -> Result<Option<VerifyingKey>, VerifyError> {
        match self.inner.age() {
            None => Ok(None),
            Some(age) if age > self.inner.options.stale_longest => Err(VerifyError::NoKeys),
            Some(_) => Ok(self.inner.set.load().set.key(kid).cloned()),
        }
    }

    /// The key of this name; fetched, if that may help.
    ///
    /// # Errors
    /// When there is none, or no set can be had that is believed.
    pub async fn key(&self, kid: &str) -> Result<VerifyingKey, VerifyError> {
        let known = self.at_hand(kid).ok().flatten();
        if let Some(key) = known.filter(|_| self.is_fresh()) {
            return Ok(key);
        }
        self.inner.refresh(self.generation()).await;
        match self.at_hand(kid)? {
            Some(key) => Ok(key),
            None if self.inner.age().is_none() => Err(VerifyError::NoKeys),
            None => Err(VerifyError::UnknownKey),
        }
    }
}

impl Inner {
    fn age(&self) -> Option<Duration> {
        let seen = self.set.load().seen?;
        Some(self.clock.running().saturating_sub(seen))
    }

    fn put(&self, bytes: Vec<u8>) -> Result<(), KeySetError> {
        let seen = Some(self.clock.running());
        let kept = self.set.load();
        if kept.seen.is_some() && kept.bytes == bytes {
            let set = kept.set.clone();
            self.set.store(Arc::new(Kept { set, bytes, seen }));
            return Ok(());
        }
        let set = KeySet::read(&bytes)?;
        self.set.store(Arc::new(Kept { set, bytes, seen }));
        self.generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Asks the source, unless it was asked a moment ago, or somebody who has just asked brought
    /// home another set than the one that was `seen`.
    async fn refresh(&self, seen: u64) {
        let mut asked = self.asking.lock().await;
        let now = self.clock.running();
        let is_early = |asked: Duration| now.saturating_sub(asked) < self.options.fetch_apart;
        if asked.is_some_and(is_early) || self.generation.load(Ordering::Acquire) != seen {
            return;
        }
        *asked = Some(now);
        let fetched = tokio::select! {
            fetched = self.source.fetch() => fetched,
            () = self.clock.sleep(self.options.fetch_within) => {
                Err(FetchError("the source did not answer in time".into()))
            }
        };
        match fetched.map(|bytes| self.put(bytes)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(
                %error,
                code = error.code(),
                "a key set was refused, and the old one is kept"
            ),
            Err(error) => tracing::warn!(%error, "the old keys are kept"),
        }
    }
}
