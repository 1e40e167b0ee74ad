//! The W3C trace context that a message carries, so that one trace goes on across hops.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A `traceparent` of version 00: which trace, which span, whether it is sampled.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace: NonZeroU128,
    parent: NonZeroU64,
    flags: u8,
}

/// Why a text is not a `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a traceparent is 00-<32 hex>-<16 hex>-<2 hex>, neither id zero, found {found:?}")]
pub struct TraceParentError {
    /// What was found.
    pub found: String,
}

impl TraceParent {
    /// The trace, the span that caused this, and the flags; nothing when one of the ids is zero.
    pub const fn new(trace_id: u128, parent_id: u64, flags: u8) -> Option<Self> {
        match (NonZeroU128::new(trace_id), NonZeroU64::new(parent_id)) {
            (Some(trace), Some(parent)) => Some(Self { trace, parent, flags }),
            _ => None,
        }
    }

    /// The trace; never zero.
    pub const fn trace_id(self) -> u128 {
        self.trace.get()
    }

    /// The span that caused this; never zero.
    pub const fn parent_id(self) -> u64 {
        self.parent.get()
    }

    /// The flags; bit 0 says sampled.
    pub const fn flags(self) -> u8 {
        self.flags
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        parse(text).ok_or_else(|| TraceParentError { found: text.chars().take(64).collect() })
    }
}

fn parse(text: &str) -> Option<TraceParent> {
    let lower_hex =
        |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) || byte == b'-';
    if text.len() != 55 || !text.bytes().all(lower_hex) || !text.starts_with("00-") {
        return None;
    }
    let mut parts = text.split('-').skip(1);
    let (trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?);
    if (trace.len(), parent.len(), flags.len(), parts.next()) != (32, 16, 2, None) {
        return None;
    }
    TraceParent::new(
        u128::from_str_radix(trace, 16).ok()?,
        u64::from_str_radix(parent, 16).ok()?,
        u8::from_str_radix(flags, 16).ok()?,
    )
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.parent, self.flags)
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceParent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
