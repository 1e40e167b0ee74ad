//! A shortcut to a stream's state. It can be thrown away at any time.

use bytes::Bytes;
use ondol_kernel::{StreamId, Version};

/// A stream's state at a version, as one fold made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The stream.
    pub stream: StreamId,
    /// Which fold made it: another fold, or another version of it, does not get to see it.
    pub fold: u64,
    /// The last version that is folded in.
    pub version: Version,
    /// The state, as the fold has written it.
    pub state: Bytes,
}
