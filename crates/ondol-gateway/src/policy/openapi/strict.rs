//! JSON that means one thing: no key twice, no integer that cannot be kept exactly, nothing before or
//! behind it.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotJson {
    Malformed,
    Twice,
    Inexact,
}

impl NotJson {
    /// For the access log.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "the body is not JSON",
            Self::Twice => "an object has a key twice",
            Self::Inexact => "an integer is too large to be kept exactly",
        }
    }
}

const TWICE: &str = "a key twice";

/// Reads a text whole.
pub(crate) fn parse(text: &[u8]) -> Result<Value, NotJson> {
    let mut from = serde_json::Deserializer::from_slice(text);
    let value = Strict.deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    let value = value.map_err(|error| match error.to_string().starts_with(TWICE) {
        true => NotJson::Twice,
        false => NotJson::Malformed,
    })?;
    if has_inexact_integer(text) { Err(NotJson::Inexact) } else { Ok(value) }
}

/// Whether an integer of a text that is JSON fits in no 64 bits.
fn has_inexact_integer(text: &[u8]) -> bool {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = behind_string(text, at),
            b'-' | b'0'..=b'9' => {
                let length = text[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                let number = &text[at..at + length];
                let number = std::str::from_utf8(number).unwrap_or_default();
                let is_integer = !number.contains(['.', 'e', 'E']);
                if is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                    return true;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    false
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

fn behind_string(text: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Makes a value of whatever comes.
#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            if values.insert(key, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(values))
    }
}

/// A number as a parameter has it.
pub(super) fn number(text: &str) -> Option<Value> {
    let (first, last) = (text.bytes().next()?, text.bytes().last()?);
    // JSON would let blanks come after it.
    let is_number = (first == b'-' || first.is_ascii_digit()) && last.is_ascii_digit();
    let number = is_number.then(|| parse(text.as_bytes()).ok())??;
    let plain = Number::deserialize(&number).is_ok();
    plain.then_some(number)
}

#[cfg(test)]
mod tests;
