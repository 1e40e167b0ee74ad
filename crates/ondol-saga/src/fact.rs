//! What has happened to one saga: the events of its stream.
//!
//! They say it all without the definition at hand: what was asked and under which id, what came
//! of it, which timers were set and with which generation. Whoever reads them knows where the
//! saga stands, and recovers it, without running a line of the business's code.

use std::collections::BTreeMap;
use std::time::Duration;

use ondol_domain::{Call, Facts, Fingerprint, Holder, Target};
use ondol_kernel::{
    CommandId, Envelope, EventId, EventType, Metadata, Position, Recorded, SchemaVersion, StreamId,
    Timestamp, Version,
};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Known;

/// What has happened to one saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields say what the variants are about")]
pub enum Fact {
    /// It was started, by this definition, knowing this.
    Started {
        saga: String,
        version: u32,
        fingerprint: Fingerprint,
        identity: String,
        data: Known,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Timer>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept_for_ms: Option<u64>,
    },
    /// A step is asked of whom it concerns. Before the pivot it has a time limit.
    Asked {
        step: String,
        question: Question,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Timer>,
    },
    /// A step's condition does not hold: it is not asked.
    LeftOut { step: String },
    /// A step waits for an event from outside.
    Waits { step: String, limit: Timer },
    /// A step was done, and this is kept of its answer, if anything is. Before answers stood by
    /// themselves, what the saga knew then was written in their place: that is still read.
    Answered {
        step: String,
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "there")]
        answer: Option<Known>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Known>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heard: Option<EventId>,
    },
    /// A step was refused. Where nothing may fail it is asked again, under another id.
    Refused {
        step: String,
        code: String,
        message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Timer>,
    },
    /// No answer could be had; the same is asked again.
    Unanswered { step: String, because: String, again: Timer },
    /// Another saga holds what a step asked for; it is waited for, and the same is asked again.
    Held { step: String, by: Holder, again: Timer },
    /// A step has taken too long; what it asked is being made void.
    TimedOut {
        step: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        generation: Option<u64>,
    },
    /// The deadline has passed, or the limit of a step that waits, where nothing is undone any
    /// more: it goes on.
    Overdue {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        generation: u64,
    },
    /// The saga turns round before a step was answered; what it asked is being made void.
    Recalled { step: String },
    /// What a step asked is void: it has not taken effect and never will.
    Voided { step: String },
    /// Something has happened outside, and the saga now knows this, if that is more than before.
    /// What a later step waits for is kept.
    Heard {
        event: EventId,
        event_type: EventType,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Known>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<Box<Kept>>,
    },
    /// It turns round: what was done is undone, in reverse.
    TurnedRound { because: String },
    /// It goes on after all: what could not be undone had been done.
    WentOn { because: String },
    /// The undoing of a step is asked.
    UndoAsked { step: String, question: Question },
    /// A step was undone.
    Undone { step: String },
    /// It does not get on by itself for too long; a person is told. It goes on trying.
    Stuck { step: String, because: String },
    /// A person had it try again at once.
    Resumed { by: String },
    /// A person had a step asked again, under another id.
    Retried { step: String, by: String },
    /// A person has decided to go on without a step, or without undoing it.
    Skipped { step: String, by: String },
    /// It goes on by another definition, in which its steps may have other names.
    Migrated { version: u32, fingerprint: Fingerprint, steps: BTreeMap<String, String>, by: String },
    /// All is done.
    Completed,
    /// What was done is undone.
    Compensated,
}

/// What is written is there, also when it is `null`: that is all that some answers say.
fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Known>, D::Error> {
    Known::deserialize(from).map(Some)
}

impl Facts for Fact {
    const KIND: &'static str = "saga";
}

/// A time at which something is to be done, unless it has been set anew in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timer {
    /// When.
    pub due: Timestamp,
    /// Which of the saga's timers: each that is set has a higher number.
    pub generation: u64,
}

/// What is asked: a call and the id under which it takes effect once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The id.
    pub command: CommandId,
    /// Who is asked.
    pub target: Target,
    /// Which one of its things.
    pub key: String,
    /// What is asked.
    pub asks: String,
    /// With what.
    pub data: Known,
    /// How long is waited for one answer.
    pub within_ms: u64,
}

impl Question {
    /// A call under an id.
    ///
    /// # Errors
    /// When the call's data are not JSON.
    pub fn new(
        command: CommandId,
        call: &Call,
        within: Duration,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            command,
            target: call.target.clone(),
            key: call.key.clone(),
            asks: call.command.clone(),
            data: Known::of_payload(&call.data)?,
            within_ms: u64::try_from(within.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// The call.
    pub fn call(&self) -> Call {
        Call {
            target: self.target.clone(),
            key: self.key.clone(),
            command: self.asks.clone(),
            data: self.data.payload(),
        }
    }
}

/// An event from outside, kept until a step waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    id: EventId,
    event_type: EventType,
    schema_version: SchemaVersion,
    stream: String,
    version: Version,
    position: Position,
    time: Timestamp,
    data: Known,
}

impl Kept {
    /// What is kept of an event.
    ///
    /// # Errors
    /// When its data are not JSON.
    pub fn of(event: &Envelope) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: event.id,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            stream: event.stream.to_string(),
            version: event.version,
            position: event.position,
            time: event.metadata.time,
            data: Known::of_payload(&event.data)?,
        })
    }

    /// Which event.
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// The event, as far as it was kept.
    ///
    /// # Errors
    /// When the name of its stream has been damaged.
    pub fn event(&self) -> Result<Envelope, ondol_kernel::StreamIdError> {
        Ok(Recorded {
            position: self.position,
            stream: self.stream.parse::<StreamId>()?,
            version: self.version,
            id: self.id,
            event_type: self.event_type.clone(),
            schema_version: self.schema_version,
            metadata: Metadata { time: self.time, ..Metadata::default() },
            data: self.data.payload(),
        })
    }
}

#[cfg(test)]
mod tests;
