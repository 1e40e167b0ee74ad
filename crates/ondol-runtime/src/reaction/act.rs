//! What is done because of an event, and why it may fail.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_kernel::Envelope;
use ondol_store::LogEpoch;
use ondol_views::SourceName;

/// An event, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    /// The name of the feed.
    pub(crate) source: SourceName,
    /// Which life of its log.
    pub(crate) epoch: LogEpoch,
    /// The event.
    pub(crate) event: Arc<Envelope>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Acted {
    /// How much was asked or sent.
    pub(crate) done: u64,
    /// How much of it the business refused.
    pub(crate) refused: u64,
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The world failed, and will not for ever: it is tried again for as long as it takes, for
    /// to park would only be to give up on everybody.
    Passes(String),
    /// It failed, and may fail again: after some tries the stream is parked.
    Fails(String),
    /// It fails however often it is tried: the stream is parked at once.
    Never(String),
}

impl Fault {
    pub(crate) fn reason(&self) -> &str {
        let (Self::Passes(reason) | Self::Fails(reason) | Self::Never(reason)) = self;
        reason
    }
}

/// Does what follows from an event. It may be asked about an event more than once.
#[async_trait]
pub(crate) trait Act: fmt::Debug + Send + Sync + 'static {
    async fn act(&self, delivered: &Delivered) -> Result<Acted, Fault>;
}
