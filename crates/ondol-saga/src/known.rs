//! JSON that is carried and not looked into: what a saga knows, what it asks, what it heard.
//!
//! It is cheap to clone, and it is the same when its text is the same.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ondol_kernel::Payload;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// All that a saga knows.
#[derive(Debug, Clone, Copy)]
pub struct Knows<'a> {
    /// What it was started with, and has heard from outside since.
    pub data: &'a Known,
    /// What its steps have kept of their answers.
    pub answers: &'a BTreeMap<String, Known>,
}

/// JSON text that is carried and not looked into.
#[derive(Clone)]
pub struct Known(Arc<RawValue>);

impl Known {
    /// A value as JSON.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(|raw| Self(raw.into()))
    }

    /// The JSON of a payload.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn of_payload(payload: &Payload) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<Box<RawValue>>(&payload.bytes).map(|raw| Self(raw.into()))
    }

    /// The value that was meant.
    ///
    /// # Errors
    /// When it does not have that shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The same as a payload.
    pub fn payload(&self) -> Payload {
        Payload::json(self.as_str().as_bytes().to_vec())
    }
}

impl AsRef<str> for Known {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Known {}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self(raw.into()))
    }
}
