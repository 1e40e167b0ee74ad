//! What services tell and ask each other, whatever lies between them.
//!
//! - A [`Feed`] is what a service publishes: its public events, in the order of its log. The log
//!   is the outbox, so a feed stores nothing of its own and can be read again from anywhere.
//! - [`Calls`] asks a service, or a thing of one's own, to do something: at least once under one
//!   command id, which takes effect once and is answered once and for all.

#[cfg(feature = "conformance")]
pub mod conformance;

mod calls;
mod directory;
mod feed;
mod publication;

pub use calls::{About, CallFailure, Calls, Reply};
pub use directory::{Directory, Switchboard};
pub use feed::{
    Feed, FeedError, FeedPage, Followed, Follower, LogFeed, Part, PartError, Published, ReadFeed,
    Unsound,
};
pub use publication::{Publication, TellError, UNTOLD, is_untold};
