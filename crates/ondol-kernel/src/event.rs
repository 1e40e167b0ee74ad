//! An event before and after it is recorded.
//!
//! `Recorded<Payload>`, the [`Envelope`], is what stores and brokers move: bytes with a content
//! type. `Recorded<E>` is the same event, decoded. Everything around the data is the same.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::name::names;
use crate::{EventId, Metadata, Position, StreamId, Version};

names! {
    /// The name of what happened: `account.deposited`.
    EventType = "the type of an event";
}

/// Which shape of its type an event's data has; old shapes are lifted to the newest on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaVersion(u32);

impl SchemaVersion {
    /// The first shape of a type.
    pub const FIRST: Self = Self(1);

    /// The shape with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for SchemaVersion {
    fn default() -> Self {
        Self::FIRST
    }
}

impl std::fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How the bytes of a payload are to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum ContentType {
    /// `application/json`: the default, and what people see.
    #[default]
    Json,
    /// Any other media type.
    Other(MediaType),
}

names! {
    /// A media type other than JSON.
    MediaType = "a media type";
}

impl ContentType {
    /// The media type's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Json => "application/json",
            Self::Other(media_type) => media_type.as_str(),
        }
    }
}

impl std::str::FromStr for ContentType {
    type Err = crate::NameError;

    fn from_str(text: &str) -> Result<Self, crate::NameError> {
        if text == "application/json" { Ok(Self::Json) } else { text.parse().map(Self::Other) }
    }
}

/// The data of an event as stores and brokers move it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payload {
    /// How to read the bytes.
    pub content_type: ContentType,
    /// The bytes.
    pub bytes: Bytes,
}

impl Payload {
    /// A payload of JSON text.
    pub fn json(bytes: impl Into<Bytes>) -> Self {
        Self { content_type: ContentType::Json, bytes: bytes.into() }
    }
}

/// An event that is about to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent<D = Payload> {
    /// Its id, for ever.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// Which shape the data has.
    pub schema_version: SchemaVersion,
    /// What surrounds it.
    pub metadata: Metadata,
    /// What there is to know about it.
    pub data: D,
}

impl<D> NewEvent<D> {
    /// The event, once it has a place in its stream and in the log.
    pub fn recorded(self, stream: StreamId, version: Version, position: Position) -> Recorded<D> {
        Recorded {
            position,
            stream,
            version,
            id: self.id,
            event_type: self.event_type,
            schema_version: self.schema_version,
            metadata: self.metadata,
            data: self.data,
        }
    }
}

/// A recorded event as stores and brokers move it.
pub type Envelope = Recorded<Payload>;

/// An event that has happened: it has a place, and nothing about it will ever change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<D = Payload> {
    /// Its place in the log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its id, for ever.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// Which shape the data has.
    pub schema_version: SchemaVersion,
    /// What surrounds it.
    pub metadata: Metadata,
    /// What there is to know about it.
    pub data: D,
}

impl<D> Recorded<D> {
    /// The same event with its data known another way.
    pub fn with<T>(self, data: T) -> Recorded<T> {
        let Self { position, stream, version, id, event_type, schema_version, metadata, .. } = self;
        Recorded { position, stream, version, id, event_type, schema_version, metadata, data }
    }

    /// The same event with its data read another way.
    ///
    /// # Errors
    /// When `read` fails.
    pub fn try_map<T, E>(self, read: impl FnOnce(D) -> Result<T, E>) -> Result<Recorded<T>, E> {
        let Self { position, stream, version, id, event_type, schema_version, metadata, data } =
            self;
        let data = read(data)?;
        Ok(Recorded { position, stream, version, id, event_type, schema_version, metadata, data })
    }
}
