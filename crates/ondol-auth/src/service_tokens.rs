//! The token a service shows when it asks another one: fetched once, used until shortly before it
//! ends, fetched by one while the others wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use ondol_doors::Clock;
use tokio::sync::Mutex;

/// How long before its end a token is replaced.
const AHEAD: Duration = Duration::from_secs(30);
/// How long after a failure the next attempt is made, while an old token still serves.
const PAUSE: Duration = Duration::from_secs(1);

/// The door through which tokens come in: client credentials, shown to the issuer.
#[async_trait]
pub trait TokenDoor: fmt::Debug + Send + Sync + 'static {
    /// A new token.
    ///
    /// # Errors
    /// When none can be had.
    async fn grant(&self) -> Result<Granted, TokenDoorError>;
}

/// No token can be had.
#[derive(Debug, thiserror::Error)]
#[error("no token can be had for asking another service")]
pub struct TokenDoorError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A token, and how long it lasts.
#[derive(Clone)]
pub struct Granted {
    /// The token.
    pub token: Arc<str>,
    /// For how long.
    pub lasts: Duration,
}

impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Granted").field("lasts", &self.lasts).finish_non_exhaustive()
    }
}

/// The tokens of a service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ServiceTokens {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    door: Arc<dyn TokenDoor>,
    clock: Arc<dyn Clock>,
    held: ArcSwapOption<Held>,
    asking: Mutex<Option<Duration>>,
}

struct Held {
    token: Arc<str>,
    ends: Duration,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl ServiceTokens {
    /// Tokens that come through this door.
    pub fn new(door: Arc<dyn TokenDoor>, clock: Arc<dyn Clock>) -> Self {
        let (held, asking) = (ArcSwapOption::empty(), Mutex::new(None));
        Self { inner: Arc::new(Inner { door, clock, held, asking }) }
    }

    /// A token that is valid now.
    ///
    /// # Errors
    /// When there is none and none can be had.
    pub async fn token(&self) -> Result<Arc<str>, TokenDoorError> {
        if let Some(token) = self.held(AHEAD) {
            return Ok(token);
        }
        let inner = &*self.inner;
        let mut failed = inner.asking.lock().await;
        if let Some(token) = self.held(AHEAD) {
            return Ok(token);
        }
        let now = inner.clock.running();
        let old = self.held(Duration::ZERO);
        let just_failed = failed.is_some_and(|failed| now.saturating_sub(failed) < PAUSE);
        if let Some(old) = old.clone().filter(|_| just_failed) {
            return Ok(old);
        }
        match inner.door.grant().await {
            Ok(Granted { token, lasts }) => {
                let held = Held { token: Arc::clone(&token), ends: now + lasts };
                inner.held.store(Some(Arc::new(held)));
                *failed = None;
                Ok(token)
            }
            Err(error) => {
                *failed = Some(now);
                let Some(old) = old else { return Err(error) };
                tracing::warn!(%error, "the old token serves until it ends");
                Ok(old)
            }
        }
    }

    fn held(&self, ahead: Duration) -> Option<Arc<str>> {
        let held = self.inner.held.load();
        let held = held.as_ref()?;
        let lasts = self.inner.clock.running() + ahead < held.ends;
        lasts.then(|| Arc::clone(&held.token))
    }
}
