//! How a desk works.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a desk works. The defaults suit most things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskOptions {
    /// How many things' states are kept at hand.
    pub hot_states_max: u64,
    /// How often a command is decided again because others have written in between.
    pub attempts_max: u32,
    /// How long a command waits for a saga to let go of a thing before whoever asked is told that
    /// it is held. A saga asks again.
    pub held_longest: Duration,
    /// After how many events of a thing a snapshot of it is saved.
    pub snapshot_every_events: u64,
    /// A snapshot is saved as well when loading a thing took longer than this.
    pub load_longest: Duration,
    /// How many refusals of requests from outside are remembered.
    pub refusals_max: usize,
    /// How long they are remembered.
    pub refusals_kept: Duration,
}

/// What is wrong with the options of a desk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option} is at least 1, found 0")]
pub struct DeskOptionsProblem {
    /// Which option.
    pub option: &'static str,
}

impl Default for DeskOptions {
    fn default() -> Self {
        Self {
            hot_states_max: 100_000,
            attempts_max: 10,
            held_longest: Duration::from_millis(500),
            snapshot_every_events: 100,
            load_longest: Duration::from_millis(20),
            refusals_max: 100_000,
            refusals_kept: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl DeskOptions {
    /// Checks the options, all of them.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn validate(&self) -> Result<(), ondol_domain::Problems<DeskOptionsProblem>> {
        let nothing = [
            ("attempts_max", self.attempts_max == 0),
            ("snapshot_every_events", self.snapshot_every_events == 0),
            ("refusals_max", self.refusals_max == 0),
        ];
        let found = nothing.into_iter().filter(|(_, is_zero)| *is_zero);
        let found = found.map(|(option, _)| DeskOptionsProblem { option }).collect();
        ondol_domain::Problems::none_in("the options of a desk", found)
    }
}
