//! What clients are told of limits: `RateLimit-Policy` and `RateLimit`, as draft 10 of
//! draft-ietf-httpapi-ratelimit-headers has them, and `Retry-After`.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMITS: HeaderName = HeaderName::from_static("ratelimit");

/// The field of one limit is no longer than this, most of the time.
const USUAL_LETTERS: usize = 48;

/// What a key may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Calls that are left.
    pub(crate) left: u32,
    /// How long until there are more.
    pub(crate) more_in: Duration,
}

/// The two fields, while they are put together and afterwards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    policy: Option<HeaderValue>,
    limits: String,
}

impl Fields {
    /// Those of limits with this policy.
    pub(crate) fn of(policy: &HeaderValue) -> Self {
        let policy = Some(policy.clone()).filter(|policy| !policy.is_empty());
        Self { policy, limits: String::with_capacity(USUAL_LETTERS) }
    }

    /// Says what is left of one of the limits.
    pub(crate) fn say(&mut self, name: &str, quota: Quota) {
        let comma = if self.limits.is_empty() { "" } else { ", " };
        let Quota { left, more_in } = quota;
        let written = write!(self.limits, "{comma}\"{name}\";r={left};t={}", seconds(more_in));
        debug_assert!(written.is_ok(), "a string takes everything");
    }

    /// Adds them to an answer, in place of what its maker said about limits of its own.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let Self { policy: Some(policy), limits } = self else { return };
        if let Ok(limits) = HeaderValue::try_from(limits) {
            headers.insert(POLICY, policy);
            headers.insert(LIMITS, limits);
        }
    }
}

/// Whole seconds, and never too few.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
