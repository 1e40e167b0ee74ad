//! Following a feed, whatever the way to it does to what is sent.
//!
//! What comes twice is passed over, what comes too early is read again in its place, and what is
//! missing is seen, for each event names the position before it. Whoever follows gets every event
//! once and in order, or hears why not.

use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::{Envelope, EventType, Position};
use ondol_store::LogEpoch;

use super::{Feed, FeedError, FeedPage, Part, Published, ReadFeed};

/// A reader that follows a feed.
#[derive(Debug)]
pub struct Follower {
    feed: Arc<dyn Feed>,
    next: ReadFeed,
    epoch: Option<LogEpoch>,
}

/// What a follower delivers at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The events that were wanted, each once, in order; there may be none.
    pub events: Vec<Arc<Envelope>>,
    /// Everything up to here has been delivered or passed over: the checkpoint to keep.
    pub seen: Position,
    /// Which life of the log it is a checkpoint of.
    pub epoch: LogEpoch,
    /// Where the log ended when this was read.
    pub head: Position,
}

/// Why a feed cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unsound {
    /// It cannot be read.
    #[error("the feed cannot be read")]
    Read(#[from] FeedError),
    /// Something is missing, and is missing still when it is read again.
    #[error("the feed goes on after {previous}, and was to be read after {after}")]
    Hole {
        /// Up to where everything has been seen.
        after: Position,
        /// Up to where everything must have been seen to go on.
        previous: Position,
    },
    /// It is the feed of another log, or of the same one in another life.
    #[error("the log {known} was followed, found the log {found}")]
    OtherLog {
        /// What was followed.
        known: LogEpoch,
        /// What was found.
        found: LogEpoch,
    },
}

impl Unsound {
    /// Whether reading again may help without anybody doing anything.
    pub const fn may_be_read_again(&self) -> bool {
        match self {
            Self::Read(error) => error.may_be_read_again(),
            Self::Hole { .. } => true,
            Self::OtherLog { .. } => false,
        }
    }

    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read(error) => error.code(),
            Self::Hole { .. } => "feed-hole",
            Self::OtherLog { .. } => "feed-of-another-log",
        }
    }
}

impl Follower {
    /// Follows a feed after a position of a life of its log; of whichever, if it has not been
    /// followed before.
    pub fn new(
        feed: Arc<dyn Feed>,
        after: Position,
        epoch: Option<LogEpoch>,
        types: Vec<EventType>,
        limit: usize,
    ) -> Self {
        let next = ReadFeed::after(after, limit.max(1)).only(types);
        Self { feed, next, epoch }
    }

    /// The next events, or nothing after having waited so long. Dropping the future loses
    /// nothing.
    ///
    /// # Errors
    /// When the feed cannot be read, or is not what was followed.
    pub async fn next(&mut self, wait: Duration) -> Result<Followed, Unsound> {
        let read = ReadFeed { wait, ..self.next.clone() };
        let page = self.feed.read(read).await?;
        let (known, found) = (*self.epoch.get_or_insert(page.head.epoch), page.head.epoch);
        if known != found {
            return Err(Unsound::OtherLog { known, found });
        }
        let followed = in_order(self.next.after, page)?;
        self.next.after = followed.seen;
        Ok(followed)
    }
}

impl Followed {
    /// What of a page that was read after a position can be delivered: whole positions, each once
    /// and in order, up to the first hole.
    ///
    /// # Errors
    /// When there is a hole right at its beginning.
    pub fn of(after: Position, page: FeedPage) -> Result<Self, Unsound> {
        in_order(after, page)
    }
}

/// What of a page can be delivered: whole positions, up to the first hole.
fn in_order(after: Position, page: FeedPage) -> Result<Followed, Unsound> {
    let mut order = Order { seen: after, begun: None };
    let mut events = Vec::with_capacity(page.events.len());
    let mut hole = None;
    for published in page.events {
        match order.place(&published) {
            Place::Next => events.push(published.event),
            Place::Known => {}
            Place::Early => {
                hole = Some(published.previous.max(order.seen));
                break;
            }
        }
    }
    let hole = hole.or(order.begun.map(|_unfinished| order.seen));
    let seen = match hole {
        Some(previous) if order.seen == after => return Err(Unsound::Hole { after, previous }),
        Some(_) => order.seen,
        None => page.seen.max(order.seen),
    };
    events.retain(|event| event.position <= seen);
    Ok(Followed { events, seen, epoch: page.head.epoch, head: page.head.position.max(seen) })
}

/// Up to where events have come in order.
struct Order {
    /// Every event up to here has come.
    seen: Position,
    /// The position of which some have, and which one was the last.
    begun: Option<(Position, Part)>,
}

/// Where an event belongs.
enum Place {
    Next,
    Known,
    Early,
}

impl Order {
    fn place(&mut self, published: &Published) -> Place {
        let (position, part) = (published.event.position, published.part);
        if position <= self.seen {
            return Place::Known;
        }
        let expected = match self.begun {
            Some((begun, last)) if begun == position && part.nth <= last.nth => {
                return Place::Known;
            }
            Some((begun, last)) if begun == position => last.nth.saturating_add(1),
            Some(_) => return Place::Early,
            None if published.previous > self.seen => return Place::Early,
            None => 1,
        };
        if part.nth != expected {
            return Place::Early;
        }
        self.begun = Some((position, part));
        if part.nth == part.of {
            (self.seen, self.begun) = (position, None);
        }
        Place::Next
    }
}

#[cfg(test)]
mod tests;
