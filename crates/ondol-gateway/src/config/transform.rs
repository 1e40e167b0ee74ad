//! The table of a route that changes requests and answers on their way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransformOptions {
    /// On the way to the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ChangesOptions>,
    /// On the way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<ChangesOptions>,
}

/// What is changed on one way: names are taken away, renamed, set and added, in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangesOptions {
    /// Headers that are taken away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Headers, and what they are called afterwards.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Headers that have this value afterwards, and no other.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Headers that have this value as well.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, String>,
    /// Changes of a JSON body, one after another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<JsonChangeOptions>,
    /// Bytes of a body that is changed.
    pub body_bytes_max: u64,
}

impl Default for ChangesOptions {
    fn default() -> Self {
        Self {
            remove: Vec::new(),
            rename: BTreeMap::new(),
            set: BTreeMap::new(),
            add: BTreeMap::new(),
            json: Vec::new(),
            body_bytes_max: 1024 * 1024,
        }
    }
}

/// A change of a JSON body: one of `set` with `to`, `remove`, `rename` with `to`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JsonChangeOptions {
    /// A place that has the value `to` afterwards, such as `/user/name`. `/items/*/name` are many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// A place that is taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove: Option<String>,
    /// A member that is called `to` afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename: Option<String>,
    /// The value, as JSON (`'"text"'`, `'12.50'`, `'{"a": 1}'`); or the new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
