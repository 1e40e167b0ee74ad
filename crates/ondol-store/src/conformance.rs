//! The suite that every engine passes.
//!
//! An engine says how a log of its own is made, opened and opened again ([`Engine`]), and
//! `conformance!(TheEngine)` in a test file of its crate makes one test of every case. An engine
//! whose logs may be open several times at once is a [`SharedEngine`] and passes
//! `conformance_shared!(TheEngine)` besides. Each case makes a log of its own and says with its
//! name what it promises.

use std::sync::Arc;

use async_trait::async_trait;

use crate::Replica;

mod given;
mod list;

#[doc(hidden)]
pub mod atomicity;
#[doc(hidden)]
pub mod checks;
#[doc(hidden)]
pub mod commands;
#[doc(hidden)]
pub mod conditions;
#[doc(hidden)]
pub mod durability;
#[doc(hidden)]
pub mod expectations;
#[doc(hidden)]
pub mod history;
#[doc(hidden)]
pub mod house;
#[doc(hidden)]
pub mod limits;
#[doc(hidden)]
pub mod payloads;
#[doc(hidden)]
pub mod positions;
#[doc(hidden)]
pub mod reading;
#[doc(hidden)]
pub mod replicas;
#[doc(hidden)]
pub mod sharing;
#[doc(hidden)]
pub mod snapshots;
#[doc(hidden)]
pub mod streams;
#[doc(hidden)]
pub mod subscriptions;
#[doc(hidden)]
pub mod voids;

/// An engine with one log of its own, from the suite's point of view.
#[async_trait]
pub trait Engine: Send + Sync + Sized + 'static {
    /// Makes a log without events, with the usual limits and an epoch of its own, and opens it.
    async fn create() -> Self;

    /// The open log; the same instance until it is opened again.
    fn store(&self) -> Arc<dyn Replica>;

    /// Closes the log and opens it from what it has made durable, as after a restart. No case
    /// holds on to an instance across it, nor to anything made from one.
    async fn reopen(&mut self);
}

/// An engine whose logs may be open in several processes at once.
#[async_trait]
pub trait SharedEngine: Engine {
    /// One more instance of the log, as another process would open it.
    async fn another(&self) -> Arc<dyn Replica>;
}
