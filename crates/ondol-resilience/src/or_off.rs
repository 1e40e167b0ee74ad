//! Options that can be switched off in a file: `failures_in_a_row = "off"`.
//!
//! TOML has no null, and a missing option means its default; so nothing is written as `"off"`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error};
use serde_json::Value;

const OFF: &str = "off";

pub(crate) fn serialize<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => OFF.serialize(serializer),
    }
}

pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(word) if word == OFF => Ok(None),
        value => serde_json::from_value(value).map(Some).map_err(D::Error::custom),
    }
}

/// The same for durations as people write them.
pub(crate) mod duration {
    use std::time::Duration;

    use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Human(#[serde(with = "human::required")] Duration);

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::serialize(&value.map(Human), serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let value: Option<Human> = super::deserialize(deserializer)?;
        Ok(value.map(|Human(duration)| duration))
    }
}
