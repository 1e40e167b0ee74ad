//! Numbers in attributes. CloudEvents has whole numbers of 32 bits with a sign; what may be larger
//! is written as text. Both are read.

use serde::{Deserialize, Deserializer};

use super::{CloudEventError, needed, unreadable};

/// A number, in either form.
#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Number(u64),
    Text(String),
}

/// The number as text, whichever it was.
pub(super) fn as_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let found = Option::<Either>::deserialize(deserializer)?;
    Ok(found.map(|either| match either {
        Either::Number(number) => number.to_string(),
        Either::Text(text) => text,
    }))
}

/// A number that counts from one, written in digits alone.
pub(super) fn counted(
    attribute: &'static str,
    text: Option<String>,
) -> Result<u64, CloudEventError> {
    let text = needed(attribute, text)?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && *number > 0);
    number.ok_or_else(|| unreadable(attribute, &format!("{text:?} does not count from one")))
}

/// A number that is nearly always small: a number while CloudEvents has it, else text.
pub(super) mod of_32_bits {
    use serde::{Deserializer, Serializer, de::Error as _};

    pub(in super::super) fn serialize<S: Serializer>(
        number: &Option<u32>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) if i32::try_from(*number).is_ok() => serializer.serialize_u32(*number),
            Some(number) => serializer.collect_str(number),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u32>, D::Error> {
        let text = super::as_text(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
