//! In which fields two answers differ.
//!
//! A field is the status, a header, or a leaf of a JSON body by its path. The place in an array counts
//! when two are compared and is left out when it is told: `$.items[].price`. What is no JSON is one field.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use serde_json::Value;

/// Leaves of a body that are looked at, each on its own; the rest is one leaf where it begins.
const LEAVES_MAX: usize = 2048;
/// Letters of a field's name.
const NAME_MAX: usize = 160;

/// An answer as it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status, or why there is none.
    pub(crate) status: String,
    pub(crate) headers: HeaderMap,
    /// None of what is too large, or broke off.
    pub(crate) body: Option<Bytes>,
}

/// What a field holds on either side; nothing where it is not there.
pub(crate) type Pair = (Option<String>, Option<String>);

/// The fields of an answer, by their exact places.
#[derive(Debug, Default)]
pub(crate) struct Fields(BTreeMap<String, (String, String)>);

impl Fields {
    /// Those of an answer that are of interest.
    pub(crate) fn of(answer: &Answer, headers: &[HeaderName], ignore: &[String]) -> Self {
        let mut fields = Self::default();
        fields.put("status", "status", answer.status.clone());
        for name in headers {
            let values = answer.headers.get_all(name).iter();
            let values: Vec<_> =
                values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
            if !values.is_empty() {
                let field = format!("header:{name}");
                fields.put(&field, &field, values.join(", "));
            }
        }
        match answer.body.as_ref().map(|body| (body, serde_json::from_slice::<Value>(body))) {
            Some((_, Ok(value))) => fields.walk("$", "$", &value),
            Some((body, Err(_))) if !body.is_empty() => {
                fields.put("body", "body", String::from_utf8_lossy(body).into_owned());
            }
            Some(_) | None => {}
        }
        fields.0.retain(|_, (name, _)| !ignore.iter().any(|ignored| is_in(name, ignored)));
        fields
    }

    fn put(&mut self, place: &str, name: &str, value: String) {
        let name = name.chars().take(NAME_MAX).collect();
        self.0.insert(place.to_owned(), (name, value));
    }

    fn walk(&mut self, place: &str, name: &str, value: &Value) {
        let full = self.0.len() >= LEAVES_MAX;
        match value {
            Value::Object(object) if !object.is_empty() && !full => {
                for (key, value) in object {
                    self.walk(&format!("{place}.{key}"), &format!("{name}.{key}"), value);
                }
            }
            Value::Array(array) if !array.is_empty() && !full => {
                for (at, value) in array.iter().enumerate() {
                    self.walk(&format!("{place}[{at}]"), &format!("{name}[]"), value);
                }
            }
            leaf => self.put(place, name, leaf.to_string()),
        }
    }

    /// Where these differ from others, by the names of the fields: the first pair of each.
    pub(crate) fn against(&self, other: &Self) -> BTreeMap<String, Pair> {
        let mut differing: BTreeMap<String, Pair> = BTreeMap::new();
        for (place, (name, value)) in &self.0 {
            let there = other.0.get(place).map(|(_, value)| value);
            if there != Some(value) {
                let pair = || (Some(value.clone()), there.cloned());
                differing.entry(name.clone()).or_insert_with(pair);
            }
        }
        for (place, (name, value)) in &other.0 {
            if !self.0.contains_key(place) {
                differing.entry(name.clone()).or_insert_with(|| (None, Some(value.clone())));
            }
        }
        differing
    }
}

/// Whether a field is this one, or below it.
fn is_in(name: &str, field: &str) -> bool {
    let rest = name.strip_prefix(field);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
}

#[cfg(test)]
mod tests;
