//! The data of a CloudEvent: JSON, text, or bytes in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::value::RawValue;

use super::CloudEventError;
use crate::{ContentType, Payload};

/// The data as JSON where that keeps every byte, else in base64.
pub(super) fn written(payload: &Payload) -> (Option<Box<RawValue>>, Option<String>) {
    let one_line = |text: &&str| !text.contains(['\n', '\r']) && text.trim() == *text;
    let json = (payload.content_type == ContentType::Json)
        .then(|| std::str::from_utf8(&payload.bytes).ok())
        .flatten()
        .filter(one_line)
        .and_then(|text| RawValue::from_string(text.to_owned()).ok());
    match json {
        Some(json) => (Some(json), None),
        None => (None, Some(BASE64.encode(&payload.bytes))),
    }
}

/// The bytes that a CloudEvent carries.
pub(super) fn read(
    content_type: Option<&str>,
    data: Option<Box<RawValue>>,
    data_base64: Option<String>,
) -> Result<Payload, CloudEventError> {
    let is_json = content_type.is_none_or(is_json);
    let content_type = content_type.map_or(Ok(ContentType::Json), str::parse);
    let bytes = match (data, data_base64) {
        (Some(_), Some(_)) => return Err(CloudEventError::TwoData),
        (Some(data), None) if is_json => Bytes::from(Box::<str>::from(data).into_string()),
        (Some(data), None) => text(data),
        (None, Some(text)) => Bytes::from(super::read("data_base64", BASE64.decode(&text))?),
        (None, None) => Bytes::new(),
    };
    Ok(Payload { content_type: super::read("datacontenttype", content_type)?, bytes })
}

/// Data that is not JSON stands in a JSON text; what stands in none is left as it is.
fn text(data: Box<RawValue>) -> Bytes {
    let text = serde_json::from_str::<String>(data.get());
    Bytes::from(text.unwrap_or_else(|_other| Box::<str>::from(data).into_string()))
}

/// Whether a media type declares JSON, as the specification has it: `*/json` or `*/*+json`.
fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or(media_type).trim().to_ascii_lowercase();
    name.split_once('/').is_some_and(|(_, kind)| kind == "json" || kind.ends_with("+json"))
}
