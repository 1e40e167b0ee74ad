//! The events and what they are found by.

use std::collections::HashMap;

use ondol_kernel::{CommandId, Envelope, Position, StreamId, Tag, Version};

use crate::{
    Append, AppendError, Condition, Direction, InvalidAppend, Limits, Outcome, Page, ReadAll,
    ReadStream, ReplicateError, StreamWrite,
};

/// The events in the order of their positions, and three indexes that follow from them.
#[derive(Debug, Default)]
pub(super) struct Log {
    events: Vec<Envelope>,
    streams: HashMap<StreamId, Vec<Position>>,
    tags: HashMap<Tag, Vec<Position>>,
    outcomes: HashMap<CommandId, Outcome>,
}

impl Log {
    pub(super) fn head(&self) -> Position {
        Position::new(number(self.events.len()))
    }

    pub(super) fn outcome(&self, command: CommandId) -> Option<Outcome> {
        self.outcomes.get(&command).cloned()
    }

    pub(super) fn check_expectations(&self, writes: &[StreamWrite]) -> Result<(), AppendError> {
        for StreamWrite { stream, expected, .. } in writes {
            let found = self.version(stream);
            if !expected.is_met_by(found) {
                let (stream, expected) = (stream.clone(), *expected);
                return Err(AppendError::Conflict { stream, expected, found });
            }
        }
        Ok(())
    }

    pub(super) fn check_conditions(&self, conditions: &[Condition]) -> Result<(), AppendError> {
        let head = self.head();
        for condition in conditions {
            if condition.after > head {
                return Err(InvalidAppend::ConditionAhead { asked: condition.after, head }.into());
            }
            if let Some(at) = self.first_that_breaks(condition) {
                return Err(AppendError::ConditionBroken { at });
            }
        }
        Ok(())
    }

    fn first_that_breaks(&self, condition: &Condition) -> Option<Position> {
        let tagged = self.tags.get(condition.tags.first()?)?;
        let newer = &tagged[tagged.partition_point(|at| *at <= condition.after)..];
        newer.iter().copied().find(|at| condition.is_broken_by(self.event(*at)))
    }

    /// Writes what has been checked, and answers what came of it.
    pub(super) fn append(&mut self, append: Append) -> Outcome {
        let mut position = self.head();
        let mut events = Vec::with_capacity(append.event_count());
        for write in append.writes {
            let mut version = self.version(&write.stream);
            for event in write.events {
                (position, version) = (position.next(), version.next());
                events.push(event.recorded(write.stream.clone(), version, position));
            }
        }
        self.record(events)
    }

    pub(super) fn check_recorded(&self, events: &[Envelope]) -> Result<(), ReplicateError> {
        let mut versions = HashMap::new();
        for event in events {
            let before =
                versions.entry(&event.stream).or_insert_with(|| self.version(&event.stream));
            let expected = before.next();
            if event.version != expected {
                let (stream, found) = (event.stream.clone(), event.version);
                return Err(ReplicateError::VersionOutOfOrder { stream, expected, found });
            }
            *before = expected;
            if let Some(command) = event.metadata.command
                && self.outcomes.contains_key(&command)
            {
                return Err(ReplicateError::CommandInPieces { command });
            }
        }
        Ok(())
    }

    /// Takes over what has been checked.
    pub(super) fn take_over(&mut self, events: &[Envelope]) {
        for effect in events.chunk_by(|a, b| a.metadata.command == b.metadata.command) {
            self.record(effect.to_vec());
        }
    }

    /// Adds events that are the whole effect of one command, or of none.
    fn record(&mut self, events: Vec<Envelope>) -> Outcome {
        let first = events.first().expect("what is recorded has been checked to have an event");
        let outcome = Outcome::of(first, number(events.len()));
        if let Some(command) = first.metadata.command {
            self.outcomes.insert(command, outcome.clone());
        }
        for event in events {
            self.index(&event);
            self.events.push(event);
        }
        outcome
    }

    fn index(&mut self, event: &Envelope) {
        self.streams.entry(event.stream.clone()).or_default().push(event.position);
        for tag in &event.metadata.tags {
            let positions = self.tags.entry(tag.clone()).or_default();
            if positions.last() != Some(&event.position) {
                positions.push(event.position);
            }
        }
    }

    pub(super) fn read_stream(&self, read: &ReadStream, limits: &Limits) -> Vec<Envelope> {
        let all = self.streams.get(&read.stream).map_or(&[][..], Vec::as_slice);
        let event = |at: &Position| self.event(*at);
        let (events, _) = match (read.direction, read.from) {
            (Direction::Forward, from) => {
                let before = from.and_then(Version::previous).unwrap_or(Version::EMPTY);
                page(read.limit, limits, all.iter().skip(index(before.get())).map(event))
            }
            (Direction::Backward, from) => {
                let upto = from.map_or(usize::MAX, |from| index(from.get()));
                page(read.limit, limits, all.iter().take(upto).rev().map(event))
            }
        };
        events
    }

    pub(super) fn read_all(&self, read: &ReadAll, limits: &Limits) -> Page {
        let newer = &self.events[index(read.after.get())..];
        let wanted = newer.iter().filter(|event| read.filter.wants(event));
        let (events, is_all) = page(read.limit, limits, wanted);
        let head = self.head();
        let last = events.last().map_or(read.after, |event| event.position);
        Page { events, seen: if is_all { head } else { last }, head }
    }

    fn version(&self, stream: &StreamId) -> Version {
        Version::new(self.streams.get(stream).map_or(0, |positions| number(positions.len())))
    }

    fn event(&self, at: Position) -> &Envelope {
        let before = at.previous().expect("positions of events begin at one");
        &self.events[index(before.get())]
    }
}

/// As many of the events as a page has room for, and whether these were all.
fn page<'a>(
    limit: usize,
    limits: &Limits,
    events: impl Iterator<Item = &'a Envelope>,
) -> (Vec<Envelope>, bool) {
    let most = limit.min(limits.page_events_max);
    let (mut taken, mut bytes) = (Vec::new(), 0);
    for event in events {
        bytes += event.data.bytes.len();
        let is_full = bytes > limits.page_bytes_max && !taken.is_empty();
        if is_full || taken.len() == most {
            return (taken, false);
        }
        taken.push(event.clone());
    }
    (taken, true)
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).expect("a count in memory fits in 64 bits")
}
