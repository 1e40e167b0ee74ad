//! Why a feed cannot be read.

use ondol_kernel::Position;
use ondol_store::{BoxError, LogEpoch};

/// Why a feed cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The reader has seen more than there is: the log has been restored from an older copy.
    #[error("the reader has seen position {asked}, found the log {epoch} to end at {head}")]
    AheadOfLog {
        /// What the reader has seen.
        asked: Position,
        /// Where the log ends.
        head: Position,
        /// Which log it is.
        epoch: LogEpoch,
    },
    /// Nobody answers there at present; try again.
    #[error("the feed of {service} cannot be reached")]
    Unreachable {
        /// Whose feed.
        service: String,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// What came is not what a feed answers.
    #[error("the feed of {service} answers what cannot be read")]
    Unreadable {
        /// Whose feed.
        service: String,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// An event cannot be published: it cannot be read, or not be translated.
    #[error("what stands at position {at} of {service} cannot be published")]
    Untold {
        /// Whose feed.
        service: String,
        /// Where.
        at: Position,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// Whoever reads may not.
    #[error("the feed of {service} is not for whoever reads")]
    Forbidden {
        /// Whose feed.
        service: String,
    },
    /// There is no such feed.
    #[error("there is no feed of {service:?}")]
    NoSuchFeed {
        /// Whose feed.
        service: String,
    },
}

impl FeedError {
    /// Whether reading again may help without anybody doing anything.
    pub const fn may_be_read_again(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AheadOfLog { .. } => "feed-reader-ahead",
            Self::Unreachable { .. } => "feed-unreachable",
            Self::Unreadable { .. } => "feed-unreadable",
            Self::Untold { .. } => "feed-untold",
            Self::Forbidden { .. } => "feed-forbidden",
            Self::NoSuchFeed { .. } => "feed-not-found",
        }
    }
}
