//! The rate limit around a tower service.

use std::hash::Hash;

use super::RateLimit;
use crate::{Admit, Rejected, guard::guard_layer};

/// Puts a rate limit before services.
#[derive(Debug, Clone)]
pub struct RateLimitLayer<K> {
    limit: RateLimit,
    key: K,
}

/// All requests have the same key.
#[derive(Debug, Clone, Copy, Default)]
pub struct OneKey;

impl RateLimitLayer<OneKey> {
    pub(super) const fn new(limit: RateLimit) -> Self {
        Self { limit, key: OneKey }
    }

    /// The same, with a key for each request.
    pub fn by<K>(self, key: K) -> RateLimitLayer<ByKey<K>> {
        RateLimitLayer { limit: self.limit, key: ByKey(key) }
    }
}

/// Requests have the key that a function finds in them.
#[derive(Debug, Clone, Copy)]
pub struct ByKey<K>(K);

guard_layer!(RateLimitLayer<K>);

impl<R> Admit<R> for RateLimitLayer<OneKey> {
    type Guard = ();

    fn admit(&self, _: &R) -> Result<(), Rejected> {
        self.limit.check(&()).map(drop)
    }
}

impl<R, H, K> Admit<R> for RateLimitLayer<ByKey<K>>
where
    K: Fn(&R) -> H,
    H: Hash,
{
    type Guard = ();

    fn admit(&self, request: &R) -> Result<(), Rejected> {
        self.limit.check(&(self.key.0)(request)).map(drop)
    }
}
