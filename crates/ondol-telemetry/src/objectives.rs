//! What is promised to whoever asks, how much of what may go wrong is left, and when somebody has to
//! be told.
//!
//! An objective says which share of requests has to be good: answered at all, or within a time. What
//! may go wrong is a budget, and how fast it is spent a *burn rate*: at one it lasts exactly as long as
//! it is meant to. Somebody is told when it is spent too fast over a long window and still is over
//! a short one: a long window alone tells of what is over, a short one of every hiccup.

mod alert;
mod courier;
mod history;
mod http;
mod rules;
mod silence;
mod sli;
mod watch;

use serde::{Deserialize, Serialize};

pub use alert::{Alert, BURNS, Burn, Severity, alerts};
pub use courier::{AlertOptions, Courier, CourierError, MailOptions, Message, WebhookOptions};
pub use history::{Counts, History};
pub use rules::prometheus_rules;
pub use silence::{SILENCE_MAX, SILENCES_MAX, Silence, SilenceError, Silences};
pub use sli::counts;
pub use watch::{Change, Standing, Watch};

/// How many objectives there may be.
pub const OBJECTIVES_MAX: usize = 100;
/// What a target is a part of.
const MILLION: u32 = 1_000_000;

/// What is promised of some requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// What it is called, for people.
    pub name: String,
    /// Only requests of this route: `/orders/{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Only requests by this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Of a million of them, how many have to be good: 999,900 is 99.99 %.
    pub target_per_million: u32,
    /// Within how many milliseconds an answer is good. Where nothing is said, every answer is that
    /// is no failure of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
}

/// What is wrong with an objective.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectiveProblem {
    /// It cannot be called so.
    #[error("an objective has a name of at most 100 letters, and one that no other has: {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// No share is like that.
    #[error("the target of {name:?} is above 0 and below a million, found {target}")]
    Target {
        /// The objective.
        name: String,
        /// What was said.
        target: u32,
    },
    /// Requests are not counted by this time.
    #[error("requests are counted within {bounds:?} ms, and {name:?} asks for {found}")]
    Within {
        /// The objective.
        name: String,
        /// What was said.
        found: u64,
        /// By which times they are.
        bounds: Vec<u64>,
    },
    /// There are more than can be watched.
    #[error("there are {found} objectives, and at most {OBJECTIVES_MAX}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

impl Objective {
    /// Which share may go wrong.
    pub fn budget(&self) -> f64 {
        f64::from(MILLION.saturating_sub(self.target_per_million)) / f64::from(MILLION)
    }
}

/// Everything that is wrong with objectives, at once.
pub fn problems(objectives: &[Objective]) -> Vec<ObjectiveProblem> {
    let mut problems = Vec::new();
    if objectives.len() > OBJECTIVES_MAX {
        problems.push(ObjectiveProblem::TooMany { found: objectives.len() });
    }
    for (at, objective) in objectives.iter().enumerate() {
        let name = objective.name.clone();
        let is_taken = objectives[..at].iter().any(|other| other.name == name);
        if name.trim().is_empty() || name.chars().count() > 100 || is_taken {
            problems.push(ObjectiveProblem::Name { name: name.clone() });
        }
        let target = objective.target_per_million;
        if target == 0 || target >= MILLION {
            problems.push(ObjectiveProblem::Target { name: name.clone(), target });
        }
        let bounds = ondol_http::BOUNDS_MS;
        if let Some(found) = objective.within_ms
            && !bounds.contains(&found)
        {
            problems.push(ObjectiveProblem::Within { name, found, bounds: bounds.to_vec() });
        }
    }
    problems
}

#[cfg(test)]
mod tests;
