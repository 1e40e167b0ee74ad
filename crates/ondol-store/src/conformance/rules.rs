//! The rules of the log once more, in other words, so that a mistake in the first ones shows.

use ondol_kernel::{Envelope, Version};

use crate::{Condition, Expected, Filter};

pub(super) fn stands(expected: Expected, found: Version) -> bool {
    match expected {
        Expected::Any => true,
        Expected::NoStream => found.get() == 0,
        Expected::Exists => found.get() != 0,
        Expected::Exactly(version) => version.get() == found.get(),
    }
}

pub(super) fn is_wanted(filter: &Filter, event: &Envelope) -> bool {
    let kind = event.stream.as_str().split(':').next().unwrap_or_default();
    let named = |types: &[ondol_kernel::EventType]| {
        types.is_empty() || types.iter().any(|name| name.as_str() == event.event_type.as_str())
    };
    named(&filter.types)
        && (filter.kinds.is_empty() || filter.kinds.iter().any(|name| name == kind))
        && has_all(event, &filter.tags)
}

pub(super) fn breaks(condition: &Condition, event: &Envelope) -> bool {
    let mut types = condition.types.iter();
    let is_of_type = condition.types.is_empty() || types.any(|name| *name == event.event_type);
    condition.after.get() < event.position.get() && is_of_type && has_all(event, &condition.tags)
}

fn has_all(event: &Envelope, tags: &[ondol_kernel::Tag]) -> bool {
    for tag in tags {
        if !event.metadata.tags.iter().any(|own| own.as_str() == tag.as_str()) {
            return false;
        }
    }
    true
}
