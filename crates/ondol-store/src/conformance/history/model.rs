//! The log as a list. Every answer is found by looking through it from the beginning.

use ondol_kernel::{CommandId, Envelope, Position, StreamId, Version};

use crate::conformance::rules::{breaks, is_wanted, stands};
use crate::{Append, Appended, Direction, Outcome, ReadAll, ReadStream};

/// A log that has no index to be wrong.
#[derive(Debug, Default)]
pub(super) struct Model {
    events: Vec<Envelope>,
}

/// Why the model does not take an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejected {
    Invalid,
    Conflict,
    Condition,
}

impl Model {
    pub(super) fn events(&self) -> &[Envelope] {
        &self.events
    }

    pub(super) fn head(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position)
    }

    pub(super) fn event(&self, at: Position) -> Option<&Envelope> {
        self.events.iter().find(|event| event.position == at)
    }

    pub(super) fn version(&self, stream: &StreamId) -> Version {
        let last = self.events.iter().rfind(|event| event.stream == *stream);
        last.map_or(Version::EMPTY, |event| event.version)
    }

    pub(super) fn outcome(&self, command: CommandId) -> Option<Outcome> {
        let is_its = |event: &&Envelope| event.metadata.command == Some(command);
        let first = self.events.iter().find(is_its)?;
        let (at, last) = (first.position, self.events.iter().rfind(is_its)?.position);
        Some(match first.event_type.as_str() {
            "$refused" => Outcome::Refused(crate::Refusal { at, reason: first.data.clone() }),
            "$nothing" => Outcome::Nothing { at },
            "$voided" => Outcome::Voided { at },
            _ => Outcome::Accepted { first: at, last },
        })
    }

    pub(super) fn append(&mut self, append: &Append) -> Result<Appended, Rejected> {
        if let Some(outcome) = append.command.and_then(|command| self.outcome(command)) {
            return Ok(Appended { outcome, repeated: true });
        }
        let stands =
            |write: &crate::StreamWrite| stands(write.expected, self.version(&write.stream));
        if !append.writes.iter().all(stands) {
            return Err(Rejected::Conflict);
        }
        let broken =
            |event: &Envelope| append.conditions.iter().any(|condition| breaks(condition, event));
        if append.conditions.iter().any(|condition| condition.after > self.head()) {
            return Err(Rejected::Invalid);
        }
        if self.events.iter().any(broken) {
            return Err(Rejected::Condition);
        }
        Ok(Appended { outcome: self.write(append), repeated: false })
    }

    fn write(&mut self, append: &Append) -> Outcome {
        let first = self.head().next();
        for write in &append.writes {
            for event in &write.events {
                let (version, position) = (self.version(&write.stream), self.head());
                let event = event.clone();
                self.events.push(event.recorded(
                    write.stream.clone(),
                    version.next(),
                    position.next(),
                ));
            }
        }
        let by_command = append.command.and_then(|command| self.outcome(command));
        by_command.unwrap_or(Outcome::Accepted { first, last: self.head() })
    }

    pub(super) fn read_stream(&self, read: &ReadStream) -> Vec<Envelope> {
        let own = self.events.iter().filter(|event| event.stream == read.stream);
        let mut found: Vec<_> = match read.direction {
            Direction::Forward => {
                own.filter(|event| read.from.is_none_or(|from| event.version >= from)).collect()
            }
            Direction::Backward => {
                own.filter(|event| read.from.is_none_or(|from| event.version <= from)).collect()
            }
        };
        if read.direction == Direction::Backward {
            found.reverse();
        }
        found.into_iter().take(read.limit).cloned().collect()
    }

    pub(super) fn read_all(&self, read: &ReadAll) -> Vec<Envelope> {
        let later = self.events.iter().filter(|event| event.position > read.after);
        later.filter(|event| is_wanted(&read.filter, event)).take(read.limit).cloned().collect()
    }
}
