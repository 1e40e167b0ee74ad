//! What every part of a service stands on.

use std::sync::Arc;

use ondol_doors::{Clock, Rng};
use ondol_store::EventStore;

/// The log, the clock and the source of chance that a service was given.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Where its events are kept.
    pub store: Arc<dyn EventStore>,
    /// What tells it the time.
    pub clock: Arc<dyn Clock>,
    /// What it draws ids from.
    pub rng: Arc<dyn Rng>,
}
