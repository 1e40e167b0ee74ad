//! How events of older shapes are lifted to the newest when they are read.
//!
//! What was recorded is never rewritten. Each step takes the data of one shape to the next, and
//! together the steps form a chain from every shape that was ever recorded to one that the code
//! knows. The chain is checked when a service starts: a hole is found then, not on the day that
//! somebody reads a five-year-old event.

mod check;

use ondol_kernel::SchemaVersion;
use serde_json::Value;

pub use check::UpcastProblem;

/// Takes the data of an event from one shape to the next.
pub type Lift = fn(Value) -> Result<Value, LiftError>;

/// Why the data of an old event cannot be lifted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LiftError(pub String);

impl From<&str> for LiftError {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<String> for LiftError {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

/// The steps from older shapes to newer ones, each event by the last part of its type.
#[derive(Debug, Clone, Default)]
pub struct Upcasts {
    steps: Vec<Step>,
}

/// A shape: the event's name, and which version of its data.
pub(crate) type Named = (&'static str, u32);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) from: Named,
    pub(crate) to: Named,
    pub(crate) lift: Lift,
}

impl Upcasts {
    /// Every event still has its first shape.
    pub const fn none() -> Self {
        Self { steps: Vec::new() }
    }

    /// Lifts the data of an event from one version to the one after it.
    #[must_use]
    pub fn lift(self, event: &'static str, from: u32, lift: Lift) -> Self {
        self.step((event, from), (event, from.saturating_add(1)), lift)
    }

    /// Reads a version of an event that used to have another name; its data stays as it is.
    #[must_use]
    pub fn rename(self, old: &'static str, from: u32, new: &'static str, to: u32) -> Self {
        self.step((old, from), (new, to), Ok)
    }

    /// The version of an event that is recorded now: the one that the last step leads to.
    pub fn current(&self, event: &str) -> SchemaVersion {
        let to = self.steps.iter().map(|step| step.to).filter(|(name, _)| *name == event);
        to.map(|(_, version)| SchemaVersion::new(version)).max().unwrap_or_default()
    }

    /// The names that events had before and have no more.
    pub fn old_names(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().filter(|step| step.from.0 != step.to.0).map(|step| step.from.0)
    }

    /// Each version of an event that is lifted, and so was recorded once.
    pub fn lifted(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.steps.iter().map(|step| step.from)
    }

    /// The step that leads on from a shape, if any does.
    pub(crate) fn step_from(&self, name: &str, version: u32) -> Option<&Step> {
        self.steps.iter().find(|step| step.from == (name, version))
    }

    /// How many steps the longest chain can have.
    pub(crate) const fn len(&self) -> usize {
        self.steps.len()
    }

    fn step(mut self, from: Named, to: Named, lift: Lift) -> Self {
        self.steps.push(Step { from, to, lift });
        self
    }
}

#[cfg(test)]
mod tests;
