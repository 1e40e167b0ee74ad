//! Who asks, once that has been proved.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use ondol_kernel::Timestamp;

use crate::{AccessClaims, Confirmation};

/// Who asks: a person or a program, through a client, with what it was allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Of whom the token speaks.
    pub subject: String,
    /// The client that shows it.
    pub client: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// What its subject may be.
    pub roles: Vec<Role>,
    /// On whose ground.
    pub tenant: Option<String>,
    /// The sign-in it came from.
    pub session: Option<String>,
    /// The token's own id.
    pub token: String,
    /// When the token was issued, in seconds since 1970.
    pub issued: u64,
    /// When it ends.
    pub expires: u64,
    /// How strongly the subject has proved himself.
    pub acr: Option<String>,
    /// By what.
    pub amr: Vec<String>,
    /// When, in seconds since 1970.
    pub auth_time: Option<u64>,
    /// Which key the holder has to prove; none for a token that is good in anybody's hand.
    pub bound: Option<Confirmation>,
    /// Further claims, of those that the verifier was asked to keep.
    pub claims: BTreeMap<String, serde_json::Value>,
    /// What somebody has worked out from all that.
    pub drawn: Drawn,
}

/// What follows from a principal, for whoever needs it each time he is met: drawn once and kept with him,
/// for as long as he is remembered. It says nothing new, so two principals are equal whatever was drawn.
#[derive(Default)]
pub struct Drawn(OnceLock<Box<dyn Any + Send + Sync>>);

/// One word of what a token allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(pub String);

/// What somebody may be: `teller`, `driver`, `admin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Role(pub String);

impl Principal {
    pub(crate) fn of(claims: AccessClaims) -> Self {
        Self {
            subject: claims.sub,
            client: claims.client_id,
            scopes: claims.scope.split_ascii_whitespace().map(|word| Scope(word.into())).collect(),
            roles: claims.roles.into_iter().map(Role).collect(),
            tenant: claims.tenant,
            session: claims.sid,
            token: claims.jti,
            issued: claims.iat,
            expires: claims.exp,
            acr: claims.acr,
            amr: claims.amr,
            auth_time: claims.auth_time,
            bound: claims.cnf,
            claims: BTreeMap::new(),
            drawn: Drawn::default(),
        }
    }

    /// Somebody who is known in another way than by a token: by a key, by a certificate.
    pub fn known(subject: impl Into<String>, client: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            client: client.into(),
            scopes: Vec::new(),
            roles: Vec::new(),
            tenant: None,
            session: None,
            token: String::new(),
            issued: 0,
            expires: u64::MAX,
            acr: None,
            amr: Vec::new(),
            auth_time: None,
            bound: None,
            claims: BTreeMap::new(),
            drawn: Drawn::default(),
        }
    }

    /// Whether the token allows this.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|word| word.0 == scope)
    }

    /// Whether the subject is this.
    pub fn is(&self, role: &str) -> bool {
        self.roles.iter().any(|name| name.0 == role)
    }

    /// Whether the subject has proved himself by this within the last seconds.
    pub fn proved_by(&self, method: &str, within_seconds: u64, now: Timestamp) -> bool {
        let by = self.amr.iter().any(|name| name == method);
        by && self.proved_within(within_seconds, now)
    }

    /// Whether the subject has proved himself within the last seconds.
    pub fn proved_within(&self, seconds: u64, now: Timestamp) -> bool {
        let now = now.as_unix_millis() / 1_000;
        self.auth_time.is_some_and(|time| now.saturating_sub(time) <= seconds)
    }
}

impl Drawn {
    /// What was drawn, or is now; nothing, if something of another type was.
    pub fn get_or<T: Any + Send + Sync>(&self, draw: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(draw())).downcast_ref()
    }
}

impl Clone for Drawn {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Drawn {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Drawn {}

impl fmt::Debug for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drawn").finish_non_exhaustive()
    }
}
