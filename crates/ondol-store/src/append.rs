//! What is asked of a store when something has happened.

use ondol_kernel::{
    CommandId, EventId, EventType, Metadata, NewEvent, Payload, Position, StreamId, Version,
};

use crate::outcome::{self, command_stream};
use crate::{Condition, Limits, Outcome};

/// Events for one or several streams, recorded whole or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Append {
    /// The command whose effect this is. A command takes effect once: when its outcome is
    /// recorded already, that outcome is the answer and nothing is written. Every event names it
    /// in its metadata, and an append without a command has no event that names one: that is
    /// how the outcome can be told from the events alone.
    pub command: Option<CommandId>,
    /// What must not have happened.
    pub conditions: Vec<Condition>,
    /// What is written, in this order.
    pub writes: Vec<StreamWrite>,
}

/// Events for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamWrite {
    /// The stream.
    pub stream: StreamId,
    /// How it must stand.
    pub expected: Expected,
    /// What has happened, in this order.
    pub events: Vec<NewEvent>,
}

/// How a stream must stand for an append to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// However it stands.
    Any,
    /// It has no events.
    NoStream,
    /// It has at least one event.
    Exists,
    /// Its last event has exactly this version.
    Exactly(Version),
}

/// What came of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// What came of the command, or of the append if it had none.
    pub outcome: Outcome,
    /// Whether the outcome had been recorded before, and this append wrote nothing.
    pub repeated: bool,
}

/// Why an append can never be made, however the log stands. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAppend {
    /// It holds no events.
    #[error("an append writes at least one event, found none for {}", .stream.as_ref().map_or("any stream", StreamId::as_str))]
    Nothing {
        /// The stream with no events, if a stream was named.
        stream: Option<StreamId>,
    },
    /// One stream is named twice.
    #[error("an append names each stream once, found {stream} twice")]
    StreamTwice {
        /// Which one.
        stream: StreamId,
    },
    /// The stream belongs to the house.
    #[error("the stream {stream} is the house's own and takes no events from outside")]
    InternalStream {
        /// Which one.
        stream: StreamId,
    },
    /// The event's type belongs to the house.
    #[error("the event type {event_type} is the house's own: no other begins with $")]
    InternalType {
        /// Which one.
        event_type: EventType,
    },
    /// There is too much of something.
    #[error("{what} may have at most {most}, found {found}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How much there may be.
        most: usize,
        /// How much there is.
        found: usize,
    },
    /// An event names another command than the append, or only one of them names one.
    #[error(
        "the events of an append name its command, {}, found {} in event {event}",
        named(.append),
        named(.found)
    )]
    ForeignCommand {
        /// The command of the append.
        append: Option<CommandId>,
        /// The event.
        event: EventId,
        /// The command that the event names.
        found: Option<CommandId>,
    },
    /// A condition names no tag.
    #[error("a condition names at least one tag, found none")]
    ConditionWithoutTag,
    /// A condition speaks of a position that does not exist yet.
    #[error("a condition speaks of position {asked}, found the log to end at {head}")]
    ConditionAhead {
        /// The position it speaks of.
        asked: Position,
        /// Where the log ends.
        head: Position,
    },
}

fn named(command: &Option<CommandId>) -> String {
    command.map_or_else(|| "none".to_owned(), |command| command.to_string())
}

impl Append {
    /// Events for one stream.
    pub fn to(stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Self {
        Self { writes: vec![StreamWrite { stream, expected, events }], ..Self::default() }
    }

    /// The same with events for one more stream.
    #[must_use]
    pub fn and(mut self, stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Self {
        self.writes.push(StreamWrite { stream, expected, events });
        self
    }

    /// The same, as the effect of a command, which all events written so far now name.
    #[must_use]
    pub fn by(mut self, command: CommandId) -> Self {
        self.command = Some(command);
        for event in self.writes.iter_mut().flat_map(|write| &mut write.events) {
            event.metadata.command = Some(command);
        }
        self
    }

    /// The same, on a further condition.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// The record that a command was refused, and why.
    pub fn refusal(command: CommandId, reason: Payload, metadata: Metadata) -> Self {
        Self::outcome_only(command, outcome::REFUSED, reason, metadata)
    }

    /// The record that a command was accepted and changed nothing.
    pub fn nothing(command: CommandId, metadata: Metadata) -> Self {
        Self::outcome_only(command, outcome::NOTHING, Payload::json("null"), metadata)
    }

    /// The record that a command is void: should it still arrive, it is refused.
    pub fn void(command: CommandId, metadata: Metadata) -> Self {
        Self::outcome_only(command, outcome::VOIDED, Payload::json("null"), metadata)
    }

    fn outcome_only(
        command: CommandId,
        event_type: &str,
        data: Payload,
        metadata: Metadata,
    ) -> Self {
        let event = NewEvent {
            id: EventId::derived(command, event_type),
            event_type: EventType::new(event_type).expect("the house's event types are names"),
            schema_version: ondol_kernel::SchemaVersion::FIRST,
            metadata,
            data,
        };
        Self::to(command_stream(command), Expected::NoStream, vec![event]).by(command)
    }

    /// Whether this is one of the house's own records of an outcome, exactly as made here.
    fn is_outcome_only(&self) -> bool {
        let (Some(command), [write]) = (self.command, self.writes.as_slice()) else {
            return false;
        };
        let [event] = write.events.as_slice() else { return false };
        write.stream == command_stream(command)
            && outcome::is_outcome_type(event.event_type.as_str())
    }

    /// How many events there are.
    pub fn event_count(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }

    /// Checks everything that can be said without looking at the log. Engines call it first.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self, limits: &Limits) -> Result<(), InvalidAppend> {
        if self.writes.is_empty() {
            return Err(InvalidAppend::Nothing { stream: None });
        }
        Limits::check("an append, in streams,", self.writes.len(), limits.streams_per_append_max)?;
        Limits::check("an append, in events,", self.event_count(), limits.events_per_append_max)?;
        Limits::check("an append, in conditions,", self.conditions.len(), limits.conditions_max)?;
        let internal = self.is_outcome_only();
        for (at, write) in self.writes.iter().enumerate() {
            if self.writes[..at].iter().any(|earlier| earlier.stream == write.stream) {
                return Err(InvalidAppend::StreamTwice { stream: write.stream.clone() });
            }
            write.check(limits, internal)?;
            self.check_command(write)?;
        }
        Limits::check("an append, in bytes,", self.bytes(), limits.append_bytes_max)?;
        self.conditions.iter().try_for_each(|condition| condition.check(limits))
    }

    fn check_command(&self, write: &StreamWrite) -> Result<(), InvalidAppend> {
        let foreign = write.events.iter().find(|event| event.metadata.command != self.command);
        foreign.map_or(Ok(()), |event| {
            Err(InvalidAppend::ForeignCommand {
                append: self.command,
                event: event.id,
                found: event.metadata.command,
            })
        })
    }

    fn bytes(&self) -> usize {
        self.writes.iter().flat_map(|write| &write.events).map(|event| event.data.bytes.len()).sum()
    }
}

impl StreamWrite {
    fn check(&self, limits: &Limits, internal: bool) -> Result<(), InvalidAppend> {
        if self.events.is_empty() {
            return Err(InvalidAppend::Nothing { stream: Some(self.stream.clone()) });
        }
        if self.stream.is_internal() && !internal {
            return Err(InvalidAppend::InternalStream { stream: self.stream.clone() });
        }
        for event in &self.events {
            if event.event_type.as_str().starts_with('$') && !internal {
                return Err(InvalidAppend::InternalType { event_type: event.event_type.clone() });
            }
            Limits::check("an event, in bytes,", event.data.bytes.len(), limits.event_bytes_max)?;
            Limits::check("an event, in tags,", event.metadata.tags.len(), limits.tags_max)?;
        }
        Ok(())
    }
}
