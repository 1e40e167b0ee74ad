//! What is asked of a feed, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::{Envelope, EventType, Position};
use ondol_store::Head;

/// A question to a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadFeed {
    /// What has been seen: what was published after this position is read.
    pub after: Position,
    /// The types of the events that are wanted; all, if none is named.
    pub types: Vec<EventType>,
    /// At most so many events; a feed has limits of its own as well.
    pub limit: usize,
    /// How long to wait for something that is wanted, when there is nothing yet.
    pub wait: Duration,
}

/// A part of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// What was wanted, in order.
    pub events: Vec<Published>,
    /// Up to where the log has been looked through, wanted or not: go on after it.
    pub seen: Position,
    /// Where the log ended when it was read, and which life of it this is.
    pub head: Head,
}

/// An event that was published. Those of one position belong together and stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Nothing that was wanted stands between this position and the event's: whoever has seen
    /// everything up to here misses nothing by going on with this event.
    pub previous: Position,
    /// Which one it is of those that were wanted of its position.
    pub part: Part,
    /// The event, shared by all who read it. Its position is that of what it is told of in the
    /// service's own log.
    pub event: Arc<Envelope>,
}

/// Which one an event is of those of one position, so that none of them can be missed either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The how manieth, from 1 on.
    pub nth: u32,
    /// Of how many.
    pub of: u32,
}

impl Part {
    /// The only one.
    pub const ONLY: Self = Self { nth: 1, of: 1 };
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.nth, self.of)
    }
}

/// Why a text does not say which part of a position an event is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a part is written as 1/2, found {found:?}")]
pub struct PartError {
    /// What was found.
    pub found: String,
}

impl std::str::FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        let parts = text.split_once('/');
        let read = parts.and_then(|(nth, of)| Some((nth.parse().ok()?, of.parse().ok()?)));
        let part = read.map(|(nth, of)| Self { nth, of });
        let part = part.filter(|part| (1..=part.of).contains(&part.nth));
        part.ok_or_else(|| PartError { found: text.chars().take(64).collect() })
    }
}

impl ReadFeed {
    /// Everything after a position.
    pub const fn after(after: Position, limit: usize) -> Self {
        Self { after, types: Vec::new(), limit, wait: Duration::ZERO }
    }

    /// The same, of these types alone.
    #[must_use]
    pub fn only(mut self, types: Vec<EventType>) -> Self {
        self.types = types;
        self
    }

    /// The same, waiting so long for something to be published.
    #[must_use]
    pub const fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}
