//! Tokens and sign-ins that were taken back before they ended.
//!
//! A token that is verified by its signature alone lives until it ends. What was revoked is kept
//! here by name for as long as a token could still be shown, and asked on every verification, the
//! cached ones too. Whoever hears of a revocation (the issuer's feed) puts it here.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Principal;

/// How many revocations are remembered; those asked for least recently go first.
pub const REVOCATIONS_MAX: u64 = 1_000_000;

/// What was taken back. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Revocations {
    names: moka::sync::Cache<String, u64>,
    count: std::sync::Arc<AtomicU64>,
}

impl Default for Revocations {
    fn default() -> Self {
        // The default policy may turn a new name away to keep one that is asked for more often.
        let oldest_first = moka::policy::EvictionPolicy::lru();
        let names = moka::sync::Cache::builder().max_capacity(REVOCATIONS_MAX);
        let names = names.eviction_policy(oldest_first).build();
        Self { names, count: std::sync::Arc::default() }
    }
}

impl Revocations {
    /// One token is taken back.
    pub fn token(&self, id: &str) {
        self.keep(format!("t:{id}"), u64::MAX);
    }

    /// Every token of one sign-in is taken back.
    pub fn session(&self, id: &str) {
        self.keep(format!("s:{id}"), u64::MAX);
    }

    /// Every token of one grant is taken back: those whose name begins with the grant's and a dot.
    pub fn grant(&self, id: &str) {
        self.keep(format!("g:{id}"), u64::MAX);
    }

    /// Every token that one subject was issued up to a moment, in seconds since 1970.
    pub fn subject(&self, id: &str, issued_up_to: u64) {
        self.keep(format!("u:{id}"), issued_up_to);
    }

    fn keep(&self, name: String, issued_up_to: u64) {
        self.names.insert(name, issued_up_to);
        self.count.fetch_add(1, Ordering::Release);
    }

    /// Whether the token of this principal was taken back.
    pub fn names(&self, principal: &Principal) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let hit = |name: String| {
            self.names.get(&name).is_some_and(|issued_up_to| principal.issued <= issued_up_to)
        };
        let session = principal.session.as_ref();
        let grant = principal.token.split_once('.').map(|(grant, _)| grant);
        hit(format!("t:{}", principal.token))
            || session.is_some_and(|session| hit(format!("s:{session}")))
            || grant.is_some_and(|grant| hit(format!("g:{grant}")))
            || hit(format!("u:{}", principal.subject))
    }
}
