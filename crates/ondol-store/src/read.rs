//! What is asked of a store by whoever wants to know what happened.

use ondol_kernel::{Envelope, EventType, Position, StreamId, Tag, Version};

/// Which way a stream is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the oldest event on.
    #[default]
    Forward,
    /// From the newest event back.
    Backward,
}

/// A question about one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStream {
    /// The stream.
    pub stream: StreamId,
    /// Which way.
    pub direction: Direction,
    /// The first version to be read, itself included; if none is named, the oldest one when read
    /// forward and the newest one when read backward.
    pub from: Option<Version>,
    /// At most so many events; the limits of a page hold as well.
    pub limit: usize,
}

impl ReadStream {
    /// The stream from its beginning.
    pub fn forward(stream: StreamId, limit: usize) -> Self {
        Self { stream, direction: Direction::Forward, from: None, limit }
    }

    /// The stream from its end back.
    pub fn backward(stream: StreamId, limit: usize) -> Self {
        Self { stream, direction: Direction::Backward, from: None, limit }
    }

    /// The same, from a version on, itself included.
    #[must_use]
    pub fn from(mut self, version: Version) -> Self {
        self.from = Some(version);
        self
    }
}

/// A question about the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadAll {
    /// What has been seen: events after this position are read.
    pub after: Position,
    /// Which events are wanted.
    pub filter: Filter,
    /// At most so many events; the limits of a page hold as well.
    pub limit: usize,
}

impl ReadAll {
    /// Everything after a position.
    pub fn after(after: Position, limit: usize) -> Self {
        Self { after, filter: Filter::default(), limit }
    }

    /// The same, with a filter.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

/// Which events are wanted: those that pass every part that is not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of one of these types.
    pub types: Vec<EventType>,
    /// In a stream of one of these kinds.
    pub kinds: Vec<String>,
    /// With all of these tags.
    pub tags: Vec<Tag>,
}

impl Filter {
    /// Whether everything is wanted.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty() && self.kinds.is_empty() && self.tags.is_empty()
    }

    /// Whether this event is wanted.
    pub fn wants(&self, event: &Envelope) -> bool {
        (self.types.is_empty() || self.types.contains(&event.event_type))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == event.stream.kind()))
            && self.tags.iter().all(|tag| event.metadata.tags.contains(tag))
    }
}

/// A part of the log, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The events that were wanted, in order.
    pub events: Vec<Envelope>,
    /// Up to where the log has been looked through, wanted or not: go on after it.
    pub seen: Position,
    /// Where the log ended when it was read.
    pub head: Position,
}
