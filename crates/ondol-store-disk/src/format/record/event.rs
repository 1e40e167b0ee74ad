//! An event where it lies: found first, decoded only if it is wanted.

use ondol_kernel::{
    Actor, CausationId, CommandId, ContentType, CorrelationId, Envelope, EventId, MediaType,
    Metadata, NameError, Payload, Position, Recorded, SchemaVersion, StreamId, Tag, Tenant,
    Timestamp, TraceParent, Version,
};

use super::{Names, flag};
use crate::format::{Cursor, Malformed};

/// The parts of an event's bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventBytes<'a> {
    pub(crate) position: Position,
    pub(crate) version: Version,
    pub(crate) event_type: &'a [u8],
    pub(crate) data: &'a [u8],
    command: Option<CommandId>,
    id: EventId,
    time: i64,
    flags: u8,
    /// What an event may have or not.
    optional: Cursor<'a>,
    tags: Cursor<'a>,
    tag_count: u64,
}

impl<'a> EventBytes<'a> {
    pub(super) fn read(
        cursor: &mut Cursor<'a>,
        (position, version): (Position, Version),
        command: Option<CommandId>,
    ) -> Result<Self, Malformed> {
        let flags = cursor.byte()?;
        let id = EventId::from_bytes(cursor.array()?);
        let time = i64::from_le_bytes(cursor.array()?);
        let event_type = cursor.short()?;
        let optional = *cursor;
        let (mut tags, mut tag_count) = (*cursor, 0);
        if flags != 0 {
            skip_before_tags(cursor, flags)?;
            tag_count = if flags & flag::TAGS != 0 { cursor.varint()? } else { 0 };
            tags = *cursor;
            let shorts = tag_count + u64::from(flags & flag::MEDIA_TYPE != 0);
            for _ in 0..shorts {
                cursor.short()?;
            }
        }
        let length = cursor.length()?;
        let data = cursor.take(length)?;
        let found = Self {
            position,
            version,
            event_type,
            data,
            command,
            id,
            time,
            flags,
            optional,
            tags,
            tag_count,
        };
        Ok(found)
    }

    /// The event's tags, in order.
    pub(crate) fn tags(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut cursor = self.tags;
        (0..self.tag_count).map_while(move |_| cursor.short().ok())
    }

    /// The event, made out of its bytes.
    pub(crate) fn decode(
        &self,
        stream: &StreamId,
        names: &mut Names,
    ) -> Result<Envelope, Malformed> {
        let mut metadata = Metadata { command: self.command, ..Metadata::default() };
        metadata.time = Timestamp::from_micros(self.time)
            .map_err(|_range| Malformed("has a time that is no time"))?;
        let (mut schema_version, mut content_type) = (SchemaVersion::FIRST, ContentType::Json);
        if self.flags != 0 {
            (schema_version, content_type) = self.decode_optional(&mut metadata)?;
        }
        Ok(Recorded {
            position: self.position,
            stream: stream.clone(),
            version: self.version,
            id: self.id,
            event_type: names.event_type(self.event_type)?,
            schema_version,
            metadata,
            data: Payload { content_type, bytes: names.keep(self.data) },
        })
    }

    fn decode_optional(
        &self,
        metadata: &mut Metadata,
    ) -> Result<(SchemaVersion, ContentType), Malformed> {
        let mut cursor = self.optional;
        let has = |flag: u8| self.flags & flag != 0;
        let mut schema_version = SchemaVersion::FIRST;
        if has(flag::SCHEMA) {
            schema_version = u32::try_from(cursor.varint()?)
                .map(SchemaVersion::new)
                .map_err(|_large| Malformed("has a schema version over 32 bits"))?;
        }
        if has(flag::CORRELATION) {
            metadata.correlation = Some(CorrelationId::from_bytes(cursor.array()?));
        }
        if has(flag::CAUSATION) {
            metadata.causation = Some(CausationId::from_bytes(cursor.array()?));
        }
        if has(flag::ACTOR) {
            metadata.actor = Some(name(cursor.short()?, Actor::new)?);
        }
        if has(flag::TRACE) {
            let trace_id = u128::from_le_bytes(cursor.array()?);
            let parent_id = u64::from_le_bytes(cursor.array()?);
            let trace = TraceParent::new(trace_id, parent_id, cursor.byte()?);
            metadata.traceparent = Some(trace.ok_or(Malformed("has a trace without an id"))?);
        }
        if has(flag::TENANT) {
            metadata.tenant = Some(name(cursor.short()?, Tenant::new)?);
        }
        if has(flag::TAGS) {
            cursor.varint()?;
            for _ in 0..self.tag_count {
                metadata.tags.push(name(cursor.short()?, Tag::new)?);
            }
        }
        if has(flag::MEDIA_TYPE) {
            return Ok((
                schema_version,
                ContentType::Other(name(cursor.short()?, MediaType::new)?),
            ));
        }
        Ok((schema_version, ContentType::Json))
    }
}

fn skip_before_tags(cursor: &mut Cursor<'_>, flags: u8) -> Result<(), Malformed> {
    if flags & flag::SCHEMA != 0 {
        cursor.varint()?;
    }
    let ids =
        usize::from(flags & flag::CORRELATION != 0) + usize::from(flags & flag::CAUSATION != 0);
    cursor.take(16 * ids)?;
    if flags & flag::ACTOR != 0 {
        cursor.short()?;
    }
    if flags & flag::TRACE != 0 {
        cursor.take(25)?;
    }
    if flags & flag::TENANT != 0 {
        cursor.short()?;
    }
    Ok(())
}

fn name<'a, N>(
    bytes: &'a [u8],
    make: impl FnOnce(&'a str) -> Result<N, NameError>,
) -> Result<N, Malformed> {
    let text =
        std::str::from_utf8(bytes).map_err(|_not_text| Malformed("has a name that is no text"))?;
    make(text).map_err(|_rule| Malformed("has a name that breaks a rule"))
}
