//! What is asked of a feed, and what it answers.

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
    /// The event. Its position is that of what it is told of in the service's own log.
    pub event: Envelope,
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
