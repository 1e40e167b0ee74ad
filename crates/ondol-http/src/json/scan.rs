//! Looks through a text of JSON for what programs read in two ways.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep a text may be nested.
pub const DEPTH_MAX: usize = 32;

/// How many digits of a fraction survive being read as a binary number, whatever they are.
const FRACTION_DIGITS_MAX: usize = 15;

/// What is wrong with a text of JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// It is not JSON, or a key stands twice, or it is nested too deep.
    #[error("{0}")]
    Text(String),
    /// A number cannot be held exactly.
    #[error("the number {number} cannot be held exactly")]
    Number {
        /// The number, cut short.
        number: String,
    },
}

/// Checks that the text can be read in one way only.
pub(super) fn check(text: &[u8]) -> Result<(), JsonFault> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let walked =
        Walk { depth_left: DEPTH_MAX }.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|error| JsonFault::Text(error.to_string()))?;
    numbers(text).find(|number| !is_exact(number)).map_or(Ok(()), |number| {
        Err(JsonFault::Number { number: number.chars().take(40).collect() })
    })
}

/// Walks through a value without keeping it.
struct Walk {
    depth_left: usize,
}

impl Walk {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left
            .ok_or_else(|| E::custom(format_args!("it is nested more than {DEPTH_MAX} deep")))?;
        Ok(Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.deeper()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value_seed(self.deeper()?)?;
            if let Some(twice) = seen.replace(key) {
                return Err(A::Error::custom(format_args!("the key {twice:?} stands twice")));
            }
        }
        Ok(())
    }
}

/// The numbers of a text that is JSON.
fn numbers(text: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            match *rest.first()? {
                b'"' => rest = after_string(rest),
                b'-' | b'0'..=b'9' => {
                    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                    let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
                    let (number, after) = rest.split_at(end);
                    rest = after;
                    return std::str::from_utf8(number).ok();
                }
                _ => rest = &rest[1..],
            }
        }
    })
}

/// What follows a string that begins here.
fn after_string(text: &[u8]) -> &[u8] {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return &text[at + 1..],
            _ => at += 1,
        }
    }
    &[]
}

/// Whether the number is held exactly: a whole number in 64 bits, or a short fraction.
fn is_exact(number: &str) -> bool {
    if number == "-0" {
        return false;
    }
    if !number.contains(['.', 'e', 'E']) {
        return number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|&digit| digit == b'0');
    match digits.count() {
        0 => true,
        digits => digits <= FRACTION_DIGITS_MAX && number.parse().is_ok_and(f64::is_normal),
    }
}
