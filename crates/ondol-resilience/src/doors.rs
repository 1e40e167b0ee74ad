//! What a policy may reach outside itself: time, chance, and a place to tell what happens.

use crate::{Events, Random, Time};

/// The doors of a policy. The default ones are tokio's clock, unpredictable chance, and a channel of
/// events of its own.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    /// Where time is read.
    pub time: Time,
    /// Where chance is drawn.
    pub random: Random,
    /// Where events are told.
    pub events: Events,
}
