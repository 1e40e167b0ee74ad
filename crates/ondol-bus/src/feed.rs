//! What a service publishes.

mod error;
mod follower;
mod of_log;
mod page;
mod recent;

use std::fmt::Debug;

use async_trait::async_trait;

pub use error::FeedError;
pub use follower::{Followed, Follower, Unsound};
pub use of_log::LogFeed;
pub use page::{FeedPage, Part, PartError, Published, ReadFeed};

/// What a service publishes: its public events, in the order of its log.
///
/// Positions are those of the service's log. The log has no gaps and the feed has many, for not
/// everything is published; so each event says which position stands before it with nothing in
/// between, and whoever is sent events one by one sees when one is missing, and reads it here.
#[async_trait]
pub trait Feed: Debug + Send + Sync + 'static {
    /// One page of what was published after a position.
    ///
    /// A page may end before the limit is reached, and it never ends between events of one
    /// position. Unless the limit is zero `seen` moves on until it is the head's position. Where
    /// there is nothing yet, the answer waits as long as it is asked to.
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError>;
}
