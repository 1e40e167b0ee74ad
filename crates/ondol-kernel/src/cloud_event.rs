//! Events as the rest of the world reads them: CloudEvents 1.0, in their JSON format.
//!
//! The mapping loses nothing: an event that goes out and comes back is the same, byte for byte.
//! JSON data that is one line of valid text travels as it is; anything else travels in base64.
//! Whole numbers in CloudEvents have 32 bits, so positions and versions travel as text.
//!
//! What others send is read as the specification says, as long as it has what an event of the
//! house needs. Their own extension attributes are passed over.

mod numbers;
mod payload;
mod tags;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::{Envelope, Metadata, Position, StreamId, Timestamp, Version};

/// A CloudEvent of version 1.0 with the house's extension attributes. Others are passed over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// The event's id.
    pub id: String,
    /// Which service published it: `/bank.account`.
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The stream it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How to read the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<String>,
    /// Its place in the log.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "numbers::as_text"
    )]
    pub position: Option<String>,
    /// In a feed: the place in the log before which, and after what was seen, nothing was told.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "numbers::as_text"
    )]
    pub previous: Option<String>,
    /// In a feed: which one it is of those of its position, when it is not the only one: `1/2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Its place in its stream.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "numbers::as_text"
    )]
    pub streamversion: Option<String>,
    /// Which shape its data has.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "numbers::of_32_bits")]
    pub schemaversion: Option<u32>,
    /// The command that brought it about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commandid: Option<String>,
    /// The business flow it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<String>,
    /// The message that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causationid: Option<String>,
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The trace it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// On whose behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it can be found by, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// The data, when it is JSON; `null` is data as well.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub data: Option<Box<RawValue>>,
    /// The data, when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_base64: Option<String>,
}

/// Why a CloudEvent is not an event of the house.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloudEventError {
    /// It is of another version of the specification.
    #[error("a CloudEvent of version 1.0 was expected, found {found:?}")]
    SpecVersion {
        /// What was found.
        found: String,
    },
    /// An attribute that the house needs is not there.
    #[error("the attribute {attribute} is missing")]
    Missing {
        /// Which one.
        attribute: &'static str,
    },
    /// An attribute cannot be read.
    #[error("the attribute {attribute} cannot be read: {reason}")]
    Unreadable {
        /// Which one.
        attribute: &'static str,
        /// Why not.
        reason: String,
    },
    /// The data is there in both forms.
    #[error("data and data_base64 exclude each other")]
    TwoData,
}

impl CloudEventError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SpecVersion { .. } => "cloud-event-version",
            Self::Missing { .. } => "cloud-event-attribute-missing",
            Self::Unreadable { .. } => "cloud-event-attribute-unreadable",
            Self::TwoData => "cloud-event-data-twice",
        }
    }
}

impl CloudEvent {
    /// The event as a CloudEvent of a source.
    pub fn from_envelope(event: &Envelope, source: &str) -> Self {
        let (data, data_base64) = payload::written(&event.data);
        let metadata = &event.metadata;
        Self {
            specversion: "1.0".to_owned(),
            id: event.id.to_string(),
            source: source.to_owned(),
            event_type: event.event_type.to_string(),
            subject: Some(event.stream.to_string()),
            time: Some(metadata.time.to_string()),
            datacontenttype: Some(event.data.content_type.as_str().to_owned()),
            position: Some(event.position.to_string()),
            previous: None,
            part: None,
            streamversion: Some(event.version.to_string()),
            schemaversion: Some(event.schema_version.get()),
            commandid: metadata.command.map(|id| id.to_string()),
            correlationid: metadata.correlation.map(|id| id.to_string()),
            causationid: metadata.causation.map(|id| id.to_string()),
            actor: metadata.actor.as_ref().map(ToString::to_string),
            traceparent: metadata.traceparent.map(|trace| trace.to_string()),
            tenant: metadata.tenant.as_ref().map(ToString::to_string),
            tags: tags::join(&metadata.tags),
            data,
            data_base64,
        }
    }

    /// The event that a CloudEvent of the house carries.
    ///
    /// # Errors
    /// When an attribute is missing or cannot be read.
    pub fn into_envelope(self) -> Result<Envelope, CloudEventError> {
        if self.specversion != "1.0" {
            return Err(CloudEventError::SpecVersion { found: self.specversion });
        }
        if self.source.is_empty() {
            return Err(unreadable("source", &"it is empty"));
        }
        let stream = needed("subject", self.subject)?;
        let stream: StreamId = read("subject", stream.parse::<StreamId>())?;
        let metadata = Metadata {
            time: self.time.map_or(Ok(Timestamp::EPOCH), |text| read("time", text.parse()))?,
            command: optional("commandid", self.commandid)?,
            correlation: optional("correlationid", self.correlationid)?,
            causation: optional("causationid", self.causationid)?,
            actor: optional("actor", self.actor)?,
            traceparent: optional("traceparent", self.traceparent)?,
            tenant: optional("tenant", self.tenant)?,
            tags: read("tags", tags::split(self.tags.as_deref()))?,
        };
        Ok(Envelope {
            position: Position::new(numbers::counted("position", self.position)?),
            stream,
            version: Version::new(numbers::counted("streamversion", self.streamversion)?),
            id: read("id", self.id.parse())?,
            event_type: read("type", self.event_type.parse())?,
            schema_version: self
                .schemaversion
                .map_or_else(Default::default, crate::SchemaVersion::new),
            metadata,
            data: payload::read(self.datacontenttype.as_deref(), self.data, self.data_base64)?,
        })
    }
}

/// What is there is data, whatever it is.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

fn needed(attribute: &'static str, text: Option<String>) -> Result<String, CloudEventError> {
    text.ok_or(CloudEventError::Missing { attribute })
}

fn optional<T>(attribute: &'static str, text: Option<String>) -> Result<Option<T>, CloudEventError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.map(|text| read(attribute, text.parse())).transpose()
}

fn read<T, E: std::fmt::Display>(
    attribute: &'static str,
    outcome: Result<T, E>,
) -> Result<T, CloudEventError> {
    outcome.map_err(|error| unreadable(attribute, &error))
}

fn unreadable(attribute: &'static str, reason: &impl ToString) -> CloudEventError {
    CloudEventError::Unreadable { attribute, reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
