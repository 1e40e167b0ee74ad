//! What requests from outside were answered when nothing came of them.
//!
//! A request that is repeated is to get the answer it got. An answer of events stands in the log;
//! one without events does not, or whoever asks for what is refused would make the log grow. So
//! it stands here: beside the log, for a day, and so many at most, the oldest making room for the
//! newest. It cannot be folded from the log again, so it is on the disk before it is given.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_kernel::{CausationId, CommandId, Position, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a request was answered when nothing came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRefusal {
    /// The command's id.
    pub command: CommandId,
    /// The thing it was meant for.
    pub stream: StreamId,
    /// The message that caused it: another one under the same id is another request.
    pub causation: Option<CausationId>,
    /// What was said, as JSON; nothing, if there was only nothing left to do.
    pub refusal: Option<String>,
    /// To which of several commands, from 0 on.
    pub which: u32,
    /// Where the log ended when it was said.
    pub position: Position,
    /// When it was said.
    pub kept_at: Timestamp,
}

/// How many refusals are kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefusalLimits {
    /// How many.
    pub refusals_max: usize,
    /// Bytes of all of them together. The newest is kept whatever its size.
    pub bytes_max: usize,
    /// For how long.
    pub kept_for: Duration,
}

/// Where refusals of requests from outside are kept.
#[async_trait]
pub trait RefusalBook: Debug + Send + Sync + 'static {
    /// What a command was answered, if that is known and not too long ago.
    async fn recall(
        &self,
        command: CommandId,
        now: Timestamp,
    ) -> Result<Option<KeptRefusal>, RefusalError>;

    /// Keeps an answer, and lets go of what is too old or too much. Answers what is kept: whoever
    /// was first with the same command, should somebody have been.
    async fn keep(&self, refusal: KeptRefusal) -> Result<KeptRefusal, RefusalError>;
}

/// Why a refusal could not be kept or recalled.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalError {
    /// The book cannot be reached, or has no room; try again.
    #[error("the book of refusals cannot be used")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// What is stored is not what was written.
    #[error("what is stored in the book of refusals is not what was written")]
    Corrupt(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl RefusalError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "refusals-unavailable",
            Self::Corrupt(_) => "refusals-corrupt",
        }
    }
}

impl Default for RefusalLimits {
    fn default() -> Self {
        let kept_for = Duration::from_secs(24 * 60 * 60);
        Self { refusals_max: 100_000, bytes_max: 64 << 20, kept_for }
    }
}

impl RefusalLimits {
    /// Whether something that was said then is too long ago now.
    pub fn is_too_old(&self, kept_at: Timestamp, now: Timestamp) -> bool {
        kept_at.checked_add(self.kept_for).is_some_and(|until| until <= now)
    }
}

impl KeptRefusal {
    /// How much room it takes: what it says, and what surrounds it.
    pub fn bytes(&self) -> usize {
        /// Ids, a position, a time, and what a store needs to find them.
        const AROUND: usize = 128;
        let said = self.refusal.as_ref().map_or(0, String::len);
        AROUND + said + self.stream.as_str().len()
    }
}
