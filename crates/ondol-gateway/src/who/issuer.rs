//! An issuer whose tokens are believed.
//!
//! Most tokens are known already, or are verified with keys at hand. Where keys have to be fetched, that
//! is done where the gateway's own questions are asked from and not on behalf of one client: whoever
//! hangs up stops nothing that others wait for.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use ondol_auth::{
    KeyRing, KeyRingOptions, KeySet, KeySetError, KeySource, Principal, Verifier, VerifierOptions,
    VerifyError,
};

use super::introspect::Introspection;
use super::source::{Published, Written, read_keys};
use crate::backend::Workshop;
use crate::config::IssuerOptions;
use crate::inside::Services;

/// Why an issuer cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The file of its keys cannot be read.
    #[error("{file} cannot be read")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The keys in the file are not as they have to be.
    #[error("the keys in {file} cannot be used")]
    Keys {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: KeySetError,
    },
    /// The secret with which the issuer is asked cannot stand in a header.
    #[error("the secret in {0} cannot stand in a header")]
    Secret(PathBuf),
}

/// An issuer.
pub(crate) struct Issuer {
    pub(crate) options: IssuerOptions,
    /// Further claims that routes ask for.
    pub(crate) claims: Vec<String>,
    /// Who we are to it, as challenges name it.
    pub(crate) realm: HeaderValue,
    pub(crate) introspection: Option<Introspection>,
    verifier: Verifier,
    home: Services,
    /// Whether its keys are being looked after.
    looked_after: Arc<AtomicBool>,
}

impl Issuer {
    /// An issuer; its keys and what it took back are those it had before.
    pub(crate) fn new(
        name: &str,
        options: &IssuerOptions,
        claims: Vec<String>,
        before: Option<&Arc<Self>>,
        workshop: &Workshop,
    ) -> Result<Arc<Self>, IssuerError> {
        let introspection = match &options.introspect {
            Some(asked) => Some(Introspection::new(options, asked, workshop)?),
            None => None,
        };
        let same = |before: &&Arc<Self>| {
            before.options == *options
                && before.claims == claims
                && match (&before.introspection, &introspection) {
                    (Some(one), Some(other)) => one.is_like(other),
                    (None, None) => true,
                    _ => false,
                }
        };
        if let Some(same) = before.filter(same) {
            same.read_file()?;
            return Ok(Arc::clone(same));
        }
        let ring = before.filter(|before| before.options.same_keys(options));
        let ring = ring.map(|before| before.verifier.ring().clone());
        let ring = ring.unwrap_or_else(|| new_ring(options, workshop));
        let [audience, more @ ..] = options.audience.as_slice() else {
            unreachable!("an issuer without audience is refused by the checker");
        };
        let mut wanted = VerifierOptions::new(&options.issuer, audience);
        wanted.audiences_more = more.to_vec();
        wanted.claims.clone_from(&claims);
        wanted.cached_tokens_max = options.tokens_max.unwrap_or(wanted.cached_tokens_max);
        wanted.leeway_seconds = options.leeway.map_or(wanted.leeway_seconds, |it| it.as_secs());
        let revoked = workshop.revocations(name);
        let verifier = Verifier::new(wanted, ring, revoked, Arc::clone(&workshop.clock));
        let realm = HeaderValue::from_str(audience);
        let issuer = Self {
            options: options.clone(),
            claims,
            realm: realm.unwrap_or(HeaderValue::from_static("gateway")),
            introspection,
            verifier,
            home: workshop.services.clone(),
            looked_after: Arc::default(),
        };
        issuer.read_file()?;
        Ok(Arc::new(issuer))
    }

    /// Keys of a file are there from the beginning.
    fn read_file(&self) -> Result<(), IssuerError> {
        let Some(file) = &self.options.keys else { return Ok(()) };
        let named = || file.clone();
        let bytes =
            read_keys(file).map_err(|source| IssuerError::File { file: named(), source })?;
        let put = self.verifier.ring().put(bytes);
        put.map_err(|source| IssuerError::Keys { file: named(), source })
    }

    /// Who shows this token.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Principal>, VerifyError> {
        match self.verifier.verify_now(token) {
            Err(VerifyError::UnknownKey | VerifyError::NoKeys) => {
                self.fetch_and_verify(token).await
            }
            judged => {
                if !self.verifier.ring().is_fresh() {
                    self.look_after();
                }
                judged
            }
        }
    }

    /// Fetches keys that may help, together with everybody else who wants them.
    async fn fetch_and_verify(&self, token: &str) -> Result<Arc<Principal>, VerifyError> {
        let Some(home) = self.home.home() else { return Err(VerifyError::NoKeys) };
        let (verifier, token) = (self.verifier.clone(), token.to_owned());
        let verifying = home.spawn(async move { verifier.verify(&token).await });
        verifying.await.unwrap_or(Err(VerifyError::NoKeys))
    }

    /// Fetches newer keys while nobody waits for them.
    fn look_after(&self) {
        let Some(home) = self.home.home() else { return };
        if self.looked_after.swap(true, Ordering::AcqRel) {
            return;
        }
        let (verifier, looked_after) = (self.verifier.clone(), Arc::clone(&self.looked_after));
        let _detached = home.spawn(async move {
            verifier.ring().look_after().await;
            looked_after.store(false, Ordering::Release);
        });
    }
}

impl IssuerOptions {
    /// Whether its keys come from the same place in the same way.
    fn same_keys(&self, other: &Self) -> bool {
        let keys = |it: &Self| {
            (it.issuer.clone(), it.backend.clone(), it.discover, it.jwks.clone(), it.keys.clone())
        };
        let times = |it: &Self| (it.fresh_for, it.fetch_apart, it.fetch_within, it.stale_longest);
        keys(self) == keys(other) && times(self) == times(other)
    }

    pub(super) fn fetch_within(&self) -> Duration {
        self.fetch_within.unwrap_or(KeyRingOptions::default().fetch_within)
    }
}

/// Whether the files that an issuer's table names are there and can be used.
pub(super) fn check_issuer(options: &IssuerOptions) -> Result<(), IssuerError> {
    if let Some(asked) = &options.introspect {
        asked.authorization()?;
    }
    let Some(file) = &options.keys else { return Ok(()) };
    let named = || file.clone();
    let bytes = read_keys(file).map_err(|source| IssuerError::File { file: named(), source })?;
    let read = KeySet::read(&bytes);
    read.map(drop).map_err(|source| IssuerError::Keys { file: named(), source })
}

fn new_ring(options: &IssuerOptions, workshop: &Workshop) -> KeyRing {
    let source: Arc<dyn KeySource> = match (&options.keys, &options.backend) {
        (Some(file), _) => Arc::new(Written(file.clone())),
        (None, backend) => Arc::new(Published {
            messenger: workshop.messenger.clone(),
            backend: backend.clone().unwrap_or_default(),
            issuer: options.issuer.clone(),
            path: options.jwks.clone(),
            timeout: options.fetch_within(),
            worker: workshop.workers,
        }),
    };
    let usual = KeyRingOptions::default();
    let times = KeyRingOptions {
        fresh_for: options.fresh_for.unwrap_or(usual.fresh_for),
        fetch_apart: options.fetch_apart.unwrap_or(usual.fetch_apart),
        fetch_within: options.fetch_within(),
        stale_longest: options.stale_longest.unwrap_or(usual.stale_longest),
    };
    KeyRing::new(source, Arc::clone(&workshop.clock), times)
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("issuer", &self.options.issuer).finish_non_exhaustive()
    }
}
