//! A token in, a principal out.
//!
//! In this order: length, form, what the header may not ask for, the type, the key by its name,
//! the algorithm *of the key*, the signature; and only then is anything in it read as said by the
//! issuer: whom it is from, whom it is for, when. What came out is remembered in a bounded cache
//! until the token ends or the keys change, whichever comes first.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ondol_doors::Clock;
use serde_json::Value;

use crate::compact::Compact;
use crate::header::Header;
use crate::known::{Known, KnownTokens};
use crate::{AccessClaims, KeyRing, Principal, Revocations, VerifyingKey};

/// How many tokens are remembered.
pub const CACHED_TOKENS_MAX: u64 = 10_000;
/// The leeway for clocks that differ is at most this.
const LEEWAY_SECONDS_MAX: u64 = 60;

/// What tokens have to say to be believed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierOptions {
    /// Whose tokens: compared to the letter.
    pub issuer: String,
    /// Who we are: a token that is not for us is none.
    pub audience: String,
    /// Further names that we have.
    pub audiences_more: Vec<String>,
    /// Names of further claims that somebody here wants to know: they are kept with the principal.
    pub claims: Vec<String>,
    /// How far clocks may differ; at most a minute, and more is cut to that.
    pub leeway_seconds: u64,
    /// How many tokens are remembered.
    pub cached_tokens_max: u64,
}

/// Verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    options: VerifierOptions,
    ring: KeyRing,
    revoked: Revocations,
    clock: Arc<dyn Clock>,
    known: KnownTokens,
}

/// Why a token is not believed. Clients are told `invalid_token`; the rest is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is longer than tokens are.
    #[error("the token is longer than {} bytes", crate::TOKEN_BYTES_MAX)]
    TooLong,
    /// It does not have the form of a token.
    #[error("the {part} of the token is malformed")]
    Malformed {
        /// Where.
        part: &'static str,
    },
    /// Its header asks for something that we do not do.
    #[error("the header of the token has {name:?}, which is never followed")]
    Header {
        /// What.
        name: &'static str,
    },
    /// It is a token of another type.
    #[error("the token is not an access token")]
    Type,
    /// It names an algorithm that is not its key's.
    #[error("the token's algorithm is not its key's")]
    Algorithm,
    /// No key has the name it names.
    #[error("the token names no key of the issuer")]
    UnknownKey,
    /// No keys are at hand: the issuer could not be reached.
    #[error("no keys of the issuer can be had")]
    NoKeys,
    /// The signature is not the key's.
    #[error("the signature of the token is wrong")]
    Signature,
    /// A claim is missing or not what it has to be.
    #[error("the claims of the token are malformed")]
    Claims,
    /// It is somebody else's.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is for somebody else")]
    Audience,
    /// It is for another tenant's ground.
    #[error("the token is of another tenant")]
    Tenant,
    /// It has ended.
    #[error("the token has ended")]
    Expired,
    /// It has not begun.
    #[error("the token has not begun")]
    NotYet,
    /// It was taken back.
    #[error("the token was taken back")]
    Revoked,
}

impl VerifyError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoKeys => "auth-keys-unavailable",
            _ => "auth-token-invalid",
        }
    }
}

impl VerifierOptions {
    /// Tokens of this issuer for this recipient.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            audiences_more: Vec::new(),
            claims: Vec::new(),
            leeway_seconds: LEEWAY_SECONDS_MAX,
            cached_tokens_max: CACHED_TOKENS_MAX,
        }
    }
}

impl Verifier {
    /// Verifies with the keys of this ring, and asks what was revoked.
    pub fn new(
        options: VerifierOptions,
        ring: KeyRing,
        revoked: Revocations,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let leeway_seconds = options.leeway_seconds.min(LEEWAY_SECONDS_MAX);
        let known = KnownTokens::new(options.cached_tokens_max);
        let options = VerifierOptions { leeway_seconds, ..options };
        Self { inner: Arc::new(Inner { options, ring, revoked, clock, known }) }
    }

    /// Whose tokens, and for whom.
    pub fn options(&self) -> &VerifierOptions {
        &self.inner.options
    }

    /// The keys that tokens are held against.
    pub fn ring(&self) -> &KeyRing {
        &self.inner.ring
    }

    /// What was taken back, for whoever hears of it.
    pub fn revocations(&self) -> &Revocations {
        &self.inner.revoked
    }

    /// The clock that tokens are held against.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Who shows this token.
    ///
    /// # Errors
    /// When it is not believed.
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, VerifyError> {
        if let Some(known) = self.inner.recall(token).filter(|_known| self.inner.ring.is_fresh()) {
            return self.inner.unless_revoked(known);
        }
        let unverified = Unverified::read(token)?;
        // Read before the key is fetched: what is verified with the older of two keys is
        // remembered under the older of two numbers, and asked for again.
        let generation = self.inner.ring.generation();
        let key = self.inner.ring.key(&unverified.kid).await?;
        self.inner.conclude(token, &unverified, &key, generation)
    }

    /// The same with the keys at hand, for those who cannot wait. Somebody else looks after the keys.
    ///
    /// # Errors
    /// When it is not believed, or its key is not at hand.
    pub fn verify_now(&self, token: &str) -> Result<Arc<Principal>, VerifyError> {
        if let Some(known) = self.inner.recall(token) {
            return self.inner.unless_revoked(known);
        }
        let unverified = Unverified::read(token)?;
        let generation = self.inner.ring.generation();
        let key = self.inner.ring.at_hand(&unverified.kid)?;
        let key = key.ok_or(VerifyError::UnknownKey)?;
        self.inner.conclude(token, &unverified, &key, generation)
    }

    /// Who shows this token on the ground of this tenant.
    ///
    /// # Errors
    /// When it is not believed, or is another tenant's.
    pub async fn verify_for(
        &self,
        token: &str,
        tenant: &str,
    ) -> Result<Arc<Principal>, VerifyError> {
        let principal = self.verify(token).await?;
        match principal.tenant.as_deref() {
            Some(own) if own == tenant => Ok(principal),
            _ => Err(VerifyError::Tenant),
        }
    }
}

/// Whom a token says it is from, which nobody has checked: only to choose who is to check it.
pub fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct From {
        iss: String,
    }

    let compact = Compact::read(token).ok()?;
    serde_json::from_slice(&compact.claims).ok().map(|From { iss }| iss)
}

/// A token whose form is right and whose signature has not been checked.
struct Unverified<'a> {
    compact: Compact<'a>,
    kid: String,
    alg: String,
}

impl<'a> Unverified<'a> {
    fn read(token: &'a str) -> Result<Self, VerifyError> {
        let compact = Compact::read(token)?;
        let header = Header::read(&compact.header, false)?;
        if !header.is_of_type("at+jwt") {
            return Err(VerifyError::Type);
        }
        let kid = header.kid.ok_or(VerifyError::UnknownKey)?;
        Ok(Self { compact, kid, alg: header.alg })
    }
}

impl Inner {
    fn now_seconds(&self) -> u64 {
        self.clock.now().as_unix_millis() / 1_000
    }

    fn recall(&self, token: &str) -> Option<Arc<Principal>> {
        let known = self.known.find(token)?;
        let is_current = known.generation == self.ring.generation()
            && self.ring.is_believed()
            && self.now_seconds() < known.principal.expires;
        is_current.then_some(known.principal)
    }

    fn unless_revoked(&self, principal: Arc<Principal>) -> Result<Arc<Principal>, VerifyError> {
        if self.revoked.names(&principal) { Err(VerifyError::Revoked) } else { Ok(principal) }
    }

    fn conclude(
        &self,
        token: &str,
        unverified: &Unverified<'_>,
        key: &VerifyingKey,
        generation: u64,
    ) -> Result<Arc<Principal>, VerifyError> {
        let compact = &unverified.compact;
        if unverified.alg != key.algorithm().name() {
            return Err(VerifyError::Algorithm);
        }
        if !key.has_signed(compact.signed, &compact.signature) {
            return Err(VerifyError::Signature);
        }
        let claims: AccessClaims =
            serde_json::from_slice(&compact.claims).map_err(|_source| VerifyError::Claims)?;
        self.check(&claims)?;
        let mut principal = Principal::of(claims);
        if !self.options.claims.is_empty() {
            principal.claims = self.further(&compact.claims)?;
        }
        let principal = Arc::new(principal);
        if self.now_seconds() < principal.expires {
            let known = Known { principal: Arc::clone(&principal), generation };
            self.known.keep(token, known);
        }
        self.unless_revoked(principal)
    }

    /// The further claims that somebody here wants to know.
    fn further(&self, claims: &[u8]) -> Result<BTreeMap<String, Value>, VerifyError> {
        let mut all: BTreeMap<String, Value> =
            serde_json::from_slice(claims).map_err(|_source| VerifyError::Claims)?;
        all.retain(|name, _| self.options.claims.contains(name));
        Ok(all)
    }

    fn check(&self, claims: &AccessClaims) -> Result<(), VerifyError> {
        let (now, leeway) = (self.now_seconds(), self.options.leeway_seconds);
        if claims.iss != self.options.issuer {
            return Err(VerifyError::Issuer);
        }
        let ours = [&self.options.audience].into_iter().chain(&self.options.audiences_more);
        if !ours.into_iter().any(|name| claims.aud.names(name)) {
            return Err(VerifyError::Audience);
        }
        if claims.sub.is_empty() || claims.jti.is_empty() || claims.client_id.is_empty() {
            return Err(VerifyError::Claims);
        }
        if claims.exp.saturating_add(leeway) <= now {
            return Err(VerifyError::Expired);
        }
        if claims.iat.max(claims.nbf.unwrap_or(0)) > now.saturating_add(leeway) {
            return Err(VerifyError::NotYet);
        }
        Ok(())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("options", &self.inner.options).finish_non_exhaustive()
    }
}
