//! An amount in the JSON of a body, and whether it is large.
//!
//! What is behind the gateway reads the same bytes with a parser of its own. So a body is small only if
//! there is no doubt about it: JSON from the first byte to the last, not compressed, the amount there
//! once and a number or a text with a number. All else counts as large.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Numbers of so many digits are told apart from each other; longer ones may not be.
const DIGITS_MAX: usize = 15;

/// A place in JSON: `$.transfer.amount`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(Vec<String>);

/// Why a text names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place is `$.name` or `$.name.name`, from the outermost object inwards")]
pub(crate) struct NoPlace;

impl Place {
    /// Reads `$.name.name`.
    pub(crate) fn read(text: &str) -> Result<Self, NoPlace> {
        let names = text.strip_prefix("$.").ok_or(NoPlace)?;
        let names: Vec<_> = names.split('.').map(str::to_owned).collect();
        let plain = |name: &String| {
            !name.is_empty()
                && name.chars().all(|it| it.is_alphanumeric() || it == '_' || it == '-')
        };
        if names.iter().all(plain) { Ok(Self(names)) } else { Err(NoPlace) }
    }

    /// Whether the amount in this body is without doubt not larger than the limit.
    pub(crate) fn is_small(&self, body: &[u8], limit: f64) -> bool {
        // What is passed over would not be looked at: bytes that are no text are.
        let Ok(text) = std::str::from_utf8(body) else { return false };
        let mut reader = serde_json::Deserializer::from_str(text);
        let found = Within(&self.0).deserialize(&mut reader);
        match (found, reader.end()) {
            (Ok(Some(amount)), Ok(())) => amount <= limit,
            _ => false,
        }
    }
}

/// The size of the amount that these names lead to. None, if there is none or if it could be another.
struct Within<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = Option<f64>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<f64>, D::Error> {
        if self.0.is_empty() {
            let raw: &RawValue = serde::Deserialize::deserialize(from)?;
            return Ok(number(raw.get()));
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<f64>, A::Error> {
        let (mut found, mut times) = (None, 0);
        while let Some(key) = map.next_key::<String>()? {
            // A parser that folds letters would take the one for the other.
            if !key.eq_ignore_ascii_case(&self.0[0]) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            times += 1;
            found = map.next_value_seed(Within(&self.0[1..]))?.filter(|_| key == self.0[0]);
        }
        Ok(found.filter(|_| times == 1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<f64>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// The size of a number, or of a text with nothing but one in it.
fn number(raw: &str) -> Option<f64> {
    let text: String =
        if raw.starts_with('"') { serde_json::from_str(raw).ok()? } else { raw.into() };
    let number = text.strip_prefix('-').unwrap_or(&text);
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let begins = number.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    let few = digits.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_MAX;
    let size: f64 = if plain && begins && few { number.parse().ok()? } else { return None };
    size.is_finite().then_some(size)
}

#[cfg(test)]
mod tests;
