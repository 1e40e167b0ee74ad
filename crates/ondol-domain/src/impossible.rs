//! A fact that cannot be: the stream is corrupt, or a decision was wrong.

use std::fmt::Debug;

/// An event that cannot have happened to a thing as it stood.
///
/// It is neither a refusal nor a failure of the world. Whoever reads it stops trusting that one
/// stream, and tells a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot have happened to {state}{}", because(.reason.as_deref()))]
pub struct Impossible {
    /// The event, as it was written.
    pub event: String,
    /// The thing, as it stood.
    pub state: String,
    /// What rule the two break, when they do not speak for themselves.
    pub reason: Option<String>,
}

impl Impossible {
    /// This event cannot have happened to this state.
    pub fn new(state: &impl Debug, event: &impl Debug) -> Self {
        Self { event: format!("{event:?}"), state: format!("{state:?}"), reason: None }
    }

    /// The same, with the rule that the two break.
    #[must_use]
    pub fn because(self, reason: &(impl ToString + ?Sized)) -> Self {
        Self { reason: Some(reason.to_string()), ..self }
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}
