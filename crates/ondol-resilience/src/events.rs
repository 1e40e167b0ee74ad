//! What policies tell: changes of state, never single calls.
//!
//! The channel is bounded. Whoever listens too slowly loses the oldest events and is told how many
//! ([`tokio::sync::broadcast::error::RecvError::Lagged`]); a policy never waits for a listener.

use std::{fmt, sync::Arc};

use serde::Serialize;
use tokio::sync::broadcast;

use crate::{Kind, Tick};

/// Events kept for a slow listener before the oldest are lost.
pub const EVENTS_MAX: usize = 1_024;

/// Something a policy did.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, on the policy's clock.
    pub at: Tick,
    /// What kind of policy.
    pub kind: Kind,
    /// Its name.
    pub policy: Arc<str>,
    /// What it did.
    pub what: What,
}

/// What a policy did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// It moved from one state to another.
    Moved {
        /// The state it left.
        from: &'static str,
        /// The state it is in.
        to: &'static str,
        /// Why.
        because: &'static str,
    },
    /// Its options were changed.
    Changed,
    /// A limit it finds for itself has moved.
    LimitMoved {
        /// The limit before.
        from: u64,
        /// The limit now.
        to: u64,
    },
    /// An endpoint was taken out of the rotation.
    Ejected {
        /// The endpoint.
        endpoint: String,
        /// Why.
        because: &'static str,
    },
    /// An endpoint is back in the rotation.
    Returned {
        /// The endpoint.
        endpoint: String,
    },
    /// So few endpoints are healthy that health is ignored, or no longer so.
    Panic {
        /// Whether health is ignored now.
        on: bool,
    },
}

/// The bounded channel of events. Clones are the same channel.
#[derive(Clone)]
pub struct Events(broadcast::Sender<Event>);

impl Events {
    /// Everything told from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    /// Tells whoever listens. That nobody does is no failure.
    pub(crate) fn tell(&self, event: Event) {
        drop(self.0.send(event));
    }
}

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(EVENTS_MAX))
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Events({} listening)", self.0.receiver_count())
    }
}
