//! Requests that may be sent more than once.

use http::{HeaderName, Request};
use serde::{Deserialize, Serialize};

use crate::{Carried, Carries, Delivery, Verdict};

/// Whether sending a request twice is as good as sending it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Safety {
    /// It may take effect twice: only again if it was certainly not sent.
    #[default]
    Once,
    /// Doing it twice is the same as doing it once, or the receiver knows it again by its key.
    Idempotent,
}

/// A request that may be sent more than once.
pub trait Repeatable: Carries + Sized {
    /// Whether that is safe.
    fn safety(&self) -> Safety;
    /// The same request again; `None` if its body cannot be had twice.
    fn repeat(&self) -> Option<Self>;
}

/// The header by which a receiver knows a request again.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl<B: Clone> Repeatable for Request<B> {
    fn safety(&self) -> Safety {
        if self.method().is_idempotent() || self.headers().contains_key(IDEMPOTENCY_KEY) {
            Safety::Idempotent
        } else {
            Safety::Once
        }
    }

    fn repeat(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl<T: Clone> Repeatable for Carried<T> {
    fn safety(&self) -> Safety {
        self.safety
    }

    fn repeat(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// Whether a call with this verdict may be made again.
pub(crate) fn may_repeat(safety: Safety, verdict: Verdict) -> bool {
    verdict.passing && (safety == Safety::Idempotent || verdict.delivery == Delivery::NotSent)
}
