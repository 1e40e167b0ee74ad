//! The body of a record as it is written: streams and events.

use ondol_kernel::{
    CommandId, ContentType, Envelope, EventId, Metadata, NewEvent, Payload, Recorded,
    SchemaVersion, StreamId,
};

use super::{HAS_COMMAND, RECORD_MARK, flag, record_header_length};
use crate::format::{length32, put, put_varint};

/// A record that is being written: its place is not known yet.
#[derive(Debug)]
pub(crate) struct RecordDraft {
    at: usize,
    body_at: usize,
    events: u32,
}

/// What of an event is written, whether it is new or was recorded elsewhere.
#[derive(Debug)]
pub(crate) struct EventToWrite<'a> {
    id: EventId,
    event_type: &'a str,
    schema_version: SchemaVersion,
    metadata: &'a Metadata,
    data: &'a Payload,
}

impl RecordDraft {
    /// Begins a record at the end of these bytes.
    pub(crate) fn begin(into: &mut Vec<u8>, sections: u16, command: Option<CommandId>) -> Self {
        let at = into.len();
        let body_at = at + record_header_length(usize::from(sections));
        into.resize(body_at, 0);
        into[at] = RECORD_MARK;
        put(into, at + 2, &sections.to_le_bytes());
        if let Some(command) = command {
            into[at + 1] = HAS_COMMAND;
            into.extend_from_slice(&command.into_bytes());
        }
        Self { at, body_at, events: 0 }
    }

    /// Begins the events of one stream.
    pub(crate) fn section(into: &mut Vec<u8>, stream: &StreamId, events: usize) {
        put_varint(into, events as u64);
        put_short(into, stream.as_str());
    }

    /// Adds an event.
    pub(crate) fn event(&mut self, into: &mut Vec<u8>, event: &EventToWrite<'_>) {
        self.events += 1;
        event.write(into);
    }

    /// Ends the record: all but its place is written. Answers its length.
    pub(crate) fn end(self, into: &mut [u8]) -> u32 {
        let length = length32(into.len() - self.at);
        let body_sum = crc32c::crc32c(&into[self.body_at..]);
        put(into, self.at + 4, &length.to_le_bytes());
        put(into, self.at + 12, &body_sum.to_le_bytes());
        put(into, self.at + 24, &self.events.to_le_bytes());
        length
    }
}

impl<'a> From<&'a NewEvent> for EventToWrite<'a> {
    fn from(event: &'a NewEvent) -> Self {
        let NewEvent { id, event_type, schema_version, metadata, data } = event;
        let (id, schema_version) = (*id, *schema_version);
        Self { id, event_type: event_type.as_str(), schema_version, metadata, data }
    }
}

impl<'a> From<&'a Envelope> for EventToWrite<'a> {
    fn from(event: &'a Envelope) -> Self {
        let Recorded { id, event_type, schema_version, metadata, data, .. } = event;
        let (id, schema_version) = (*id, *schema_version);
        Self { id, event_type: event_type.as_str(), schema_version, metadata, data }
    }
}

impl EventToWrite<'_> {
    fn flags(&self) -> u8 {
        let metadata = self.metadata;
        let when = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
        when(self.schema_version != SchemaVersion::FIRST, flag::SCHEMA)
            | when(metadata.correlation.is_some(), flag::CORRELATION)
            | when(metadata.causation.is_some(), flag::CAUSATION)
            | when(metadata.actor.is_some(), flag::ACTOR)
            | when(metadata.traceparent.is_some(), flag::TRACE)
            | when(metadata.tenant.is_some(), flag::TENANT)
            | when(!metadata.tags.is_empty(), flag::TAGS)
            | when(self.data.content_type != ContentType::Json, flag::MEDIA_TYPE)
    }

    fn write(&self, into: &mut Vec<u8>) {
        let flags = self.flags();
        into.push(flags);
        into.extend_from_slice(&self.id.into_bytes());
        into.extend_from_slice(&self.metadata.time.as_micros().to_le_bytes());
        put_short(into, self.event_type);
        if flags != 0 {
            self.write_optional(into);
        }
        put_varint(into, self.data.bytes.len() as u64);
        into.extend_from_slice(&self.data.bytes);
    }

    fn write_optional(&self, into: &mut Vec<u8>) {
        let metadata = self.metadata;
        if self.schema_version != SchemaVersion::FIRST {
            put_varint(into, u64::from(self.schema_version.get()));
        }
        if let Some(correlation) = metadata.correlation {
            into.extend_from_slice(&correlation.into_bytes());
        }
        if let Some(causation) = metadata.causation {
            into.extend_from_slice(&causation.into_bytes());
        }
        if let Some(actor) = &metadata.actor {
            put_short(into, actor.as_str());
        }
        if let Some(trace) = metadata.traceparent {
            into.extend_from_slice(&trace.trace_id().to_le_bytes());
            into.extend_from_slice(&trace.parent_id().to_le_bytes());
            into.push(trace.flags());
        }
        if let Some(tenant) = &metadata.tenant {
            put_short(into, tenant.as_str());
        }
        if !metadata.tags.is_empty() {
            put_varint(into, metadata.tags.len() as u64);
            metadata.tags.iter().for_each(|tag| put_short(into, tag.as_str()));
        }
        if let ContentType::Other(media_type) = &self.data.content_type {
            put_short(into, media_type.as_str());
        }
    }
}

fn put_short(into: &mut Vec<u8>, text: &str) {
    into.push(u8::try_from(text.len()).expect("a name is checked to have at most 255 bytes"));
    into.extend_from_slice(text.as_bytes());
}
