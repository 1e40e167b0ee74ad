//! What one configuration has and another has not, key by key.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Keys that are told of.
const KEYS_MAX: usize = 500;
/// Letters of a value.
const LETTERS_MAX: usize = 200;
/// What is never shown.
const SECRETS: [&str; 3] = ["secret", "password", "token"];

/// What changes from one text to the other.
pub(super) fn diff(before: &str, after: &str) -> Value {
    let (before, after) = (keys(before), keys(after));
    let only = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
        let only = one.iter().filter(|(key, _)| !other.contains_key(*key));
        only.take(KEYS_MAX).map(|(key, value)| json!({ "key": key, "value": value })).collect()
    };
    let (added, removed): (Value, Value) = (only(&after, &before), only(&before, &after));
    let changed = before.iter().filter_map(|(key, old)| {
        let new = after.get(key).filter(|new| *new != old)?;
        Some(json!({ "key": key, "before": old, "after": new }))
    });
    let changed: Value = changed.take(KEYS_MAX).collect();
    json!({ "added": added, "removed": removed, "changed": changed })
}

fn keys(text: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    if let Ok(table) = toml::from_str::<toml::Table>(text) {
        walk(&toml::Value::Table(table), String::new(), &mut keys);
    }
    keys
}

fn walk(value: &toml::Value, at: String, keys: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) if !table.is_empty() || at.is_empty() => {
            for (name, value) in table {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                walk(value, at, keys);
            }
        }
        other => {
            let last = at.rsplit('.').next().unwrap_or_default();
            let is_secret = SECRETS.iter().any(|secret| last.contains(secret));
            let told = match is_secret && other.is_str() {
                true => "…".to_owned(),
                false => other.to_string().chars().take(LETTERS_MAX).collect(),
            };
            keys.insert(at, told);
        }
    }
}

#[cfg(test)]
mod tests;
