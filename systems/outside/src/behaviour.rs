//! How a provider behaves: how slow it is, how often it fails, and in which way.

use std::time::Duration;

use clap::Args;
use ondol_doors::Rng;
use serde::{Deserialize, Serialize};

/// The longest latency that can be set.
pub const LATENCY_MS_MAX: u64 = 60_000;

/// How a provider behaves; by default, well and at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Milliseconds before each answer.
    pub latency_ms: u64,
    /// Up to so many milliseconds more, by chance.
    pub jitter_ms: u64,
    /// Of a hundred requests, how many fail before anything is done.
    pub errors_percent: u8,
    /// Of a hundred, how many are done and break off before the answer.
    pub lost_percent: u8,
    /// Of a hundred, how many are refused: a card declined, a truck full.
    pub refused_percent: u8,
    /// Of a hundred, how many are never answered.
    pub silent_percent: u8,
    /// Whether nothing works at all.
    pub is_out: bool,
    /// Milliseconds until a shipment is delivered; nothing of it for the other providers.
    pub transit_ms: u64,
}

/// What is to change of a behaviour; what is not said stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Args)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// Milliseconds before each answer.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Up to so many milliseconds more, by chance.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<u64>,
    /// Of a hundred requests, how many fail before anything is done.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors_percent: Option<u8>,
    /// Of a hundred, how many are done and break off before the answer.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_percent: Option<u8>,
    /// Of a hundred, how many are refused.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_percent: Option<u8>,
    /// Of a hundred, how many are never answered.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent_percent: Option<u8>,
    /// Whether nothing works at all.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_out: Option<bool>,
    /// Milliseconds until a shipment is delivered.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit_ms: Option<u64>,
}

/// What is wrong with a behaviour, all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.join("; "))]
pub struct BehaviourError {
    /// A sentence each.
    pub problems: Vec<String>,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing works.
    Out,
    /// It fails before anything is done.
    Fails,
    /// It is never answered.
    Silent,
    /// It is dealt with, after a while.
    Served { after: Duration, is_refused: bool, is_lost: bool },
}

impl Behaviour {
    /// The same, changed.
    ///
    /// # Errors
    /// With everything that is wrong with what comes of it.
    pub fn changed(mut self, change: &Change) -> Result<Self, BehaviourError> {
        fn set<T: Copy>(field: &mut T, to: Option<T>) {
            if let Some(to) = to {
                *field = to;
            }
        }
        set(&mut self.latency_ms, change.latency_ms);
        set(&mut self.jitter_ms, change.jitter_ms);
        set(&mut self.errors_percent, change.errors_percent);
        set(&mut self.lost_percent, change.lost_percent);
        set(&mut self.refused_percent, change.refused_percent);
        set(&mut self.silent_percent, change.silent_percent);
        set(&mut self.is_out, change.is_out);
        set(&mut self.transit_ms, change.transit_ms);
        self.validate()?;
        Ok(self)
    }

    fn validate(&self) -> Result<(), BehaviourError> {
        let percents = [
            ("errors_percent", self.errors_percent),
            ("lost_percent", self.lost_percent),
            ("refused_percent", self.refused_percent),
            ("silent_percent", self.silent_percent),
        ];
        let times = [("latency_ms", self.latency_ms), ("jitter_ms", self.jitter_ms)];
        let percents = percents.into_iter().filter(|(_, found)| *found > 100);
        let percents =
            percents.map(|(name, found)| format!("{name} is at most 100, found {found}"));
        let times = times.into_iter().filter(|(_, found)| *found > LATENCY_MS_MAX);
        let times =
            times.map(|(name, found)| format!("{name} is at most {LATENCY_MS_MAX}, found {found}"));
        let problems: Vec<_> = percents.chain(times).collect();
        if problems.is_empty() { Ok(()) } else { Err(BehaviourError { problems }) }
    }

    /// What becomes of the next request.
    pub(crate) fn fate(&self, rng: &dyn Rng) -> Fate {
        let happens = |percent: u8| rng.below(100) < u64::from(percent);
        if self.is_out {
            return Fate::Out;
        }
        if happens(self.errors_percent) {
            return Fate::Fails;
        }
        if happens(self.silent_percent) {
            return Fate::Silent;
        }
        let jitter = rng.below(self.jitter_ms.saturating_add(1));
        Fate::Served {
            after: Duration::from_millis(self.latency_ms + jitter),
            is_refused: happens(self.refused_percent),
            is_lost: happens(self.lost_percent),
        }
    }
}

#[cfg(test)]
mod tests;
