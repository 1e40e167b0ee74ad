//! A van: loaded for jobs, driven while it is not broken.

use std::collections::BTreeSet;

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, already_done, refuse};
use serde::{Deserialize, Serialize};

/// For how many jobs a van has room.
const JOBS_MAX: usize = 4;

/// What may be asked of a van.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    Load { job: String },
    Unload { job: String },
    Drive { job: String },
    HandOverKey { job: String },
    Break,
    Repair,
}

/// What has happened to a van.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    Loaded { job: String },
    Unloaded { job: String },
    Driven { job: String },
    KeyHandedOver { job: String },
    Broken,
    Repaired,
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is loaded for {jobs} jobs and has no room")]
    Full { jobs: usize },
    #[error("it is broken")]
    Broken,
}

/// A van as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Van {
    pub(crate) loaded: BTreeSet<String>,
    pub(crate) is_broken: bool,
}

impl Facts for Event {
    const KIND: &'static str = Van::KIND;
}

impl Aggregate for Van {
    const KIND: &'static str = "van";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Load { job } if self.loaded.contains(&job) => already_done(),
            Command::Load { .. } if self.loaded.len() >= JOBS_MAX => {
                refuse(Refusal::Full { jobs: self.loaded.len() })
            }
            Command::Load { job } => accept(Event::Loaded { job }),
            Command::Unload { job } if self.loaded.contains(&job) => {
                accept(Event::Unloaded { job })
            }
            Command::Drive { .. } if self.is_broken => refuse(Refusal::Broken),
            Command::Drive { job } => accept(Event::Driven { job }),
            Command::HandOverKey { job } => accept(Event::KeyHandedOver { job }),
            Command::Break if !self.is_broken => accept(Event::Broken),
            Command::Repair if self.is_broken => accept(Event::Repaired),
            Command::Unload { .. } | Command::Break | Command::Repair => already_done(),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Loaded { job } => {
                self.loaded.insert(job.clone());
            }
            Event::Unloaded { job } => {
                self.loaded.remove(job);
            }
            Event::Driven { .. } | Event::KeyHandedOver { .. } => {}
            Event::Broken => self.is_broken = true,
            Event::Repaired => self.is_broken = false,
        }
        Ok(self)
    }
}
