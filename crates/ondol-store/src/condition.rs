//! A rule that spans streams: what must not have happened for an append to be made.

use ondol_kernel::{Envelope, EventType, Position, Tag};

use crate::{InvalidAppend, Limits};

/// "No event that has all these tags, and one of these types, after this position."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// All of which the event has. At least one.
    pub tags: Vec<Tag>,
    /// One of which the event is; any, if none is named.
    pub types: Vec<EventType>,
    /// Up to where whoever decided has looked.
    pub after: Position,
}

impl Condition {
    /// "No event with this tag, ever."
    pub fn never(tag: Tag) -> Self {
        Self { tags: vec![tag], types: Vec::new(), after: Position::START }
    }

    /// Whether the event breaks the condition.
    pub fn is_broken_by(&self, event: &Envelope) -> bool {
        event.position > self.after
            && (self.types.is_empty() || self.types.contains(&event.event_type))
            && self.tags.iter().all(|tag| event.metadata.tags.contains(tag))
    }

    pub(crate) fn check(&self, limits: &Limits) -> Result<(), InvalidAppend> {
        if self.tags.is_empty() {
            return Err(InvalidAppend::ConditionWithoutTag);
        }
        Limits::check("a condition, in tags,", self.tags.len(), limits.tags_max)?;
        Limits::check("a condition, in types,", self.types.len(), limits.tags_max)
    }
}
