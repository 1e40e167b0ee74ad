//! Data taken apart without rounding a number.
//!
//! A tree of JSON values holds a number that is neither a whole one of 64 bits nor short enough
//! for floating point by rounding it. An old event is lifted as a tree, so such a number is found
//! in the text first: an amount that is off by a little is worse than an event that is not read.

use ondol_kernel::{EventType, SchemaVersion};
use serde_json::{Number, Value};

use super::DecodeError;

/// The data taken apart, unless that would change one of its numbers.
pub(super) fn read(
    event_type: &EventType,
    version: SchemaVersion,
    json: &[u8],
) -> Result<Value, DecodeError> {
    let unreadable =
        |source| DecodeError::Unreadable { event_type: event_type.clone(), version, source };
    let text =
        std::str::from_utf8(json).map_err(|error| unreadable(serde::de::Error::custom(error)))?;
    let value = serde_json::from_str(text).map_err(unreadable)?;
    match numbers(text).find_map(rounded) {
        Some(number) => Err(DecodeError::Rounded { event_type: event_type.clone(), number }),
        None => Ok(value),
    }
}

/// The numbers of a JSON text as they are written, those inside its strings left out.
fn numbers(json: &str) -> impl Iterator<Item = &str> {
    let mut in_string = false;
    let mut escaped = false;
    let outside = move |byte: char| {
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            '"' if !was_escaped => in_string = !in_string,
            '\\' if in_string => escaped = !was_escaped,
            _ => {}
        }
        in_string || !(byte.is_ascii_digit() || ".+-eE".contains(byte))
    };
    // The letter e of true and false is left standing alone, and begins no number.
    let begins =
        |text: &&str| text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    json.split(outside).filter(begins)
}

/// What a number would become, if that is not what is written.
fn rounded(written: &str) -> Option<String> {
    let read = written.parse::<Number>().map(|number| number.to_string()).unwrap_or_default();
    (read != written).then_some(read)
}
