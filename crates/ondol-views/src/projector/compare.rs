//! How a stored document differs from its replay.

use ondol_domain::View;
use ondol_kernel::Position;
use serde_json::Value;

use super::kept::document_of;
use super::replay::Replayed;
use crate::{Document, DocumentKey, Limits};

/// Places in one document that are told one by one.
const PLACES_MAX: usize = 8;

/// A document that differs from its replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which one.
    pub key: DocumentKey,
    /// How.
    pub how: How,
}

/// How a document differs from its replay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// The replay has it and the store does not.
    Missing,
    /// The store has it and the replay does not.
    Extra,
    /// Both have it and they are not the same.
    Places(Vec<PlaceDiffers>),
    /// The documents are the same, but the store finds it by other values.
    Entries,
    /// The documents are the same, but the store says that another event was the last.
    LastEvent {
        /// What the store says.
        stored: Position,
        /// What the replay says.
        replayed: Position,
    },
    /// It cannot be replayed: an event cannot be folded in.
    Unfoldable {
        /// Which event.
        position: Position,
        /// Why not.
        reason: String,
    },
    /// It was replayed and cannot be kept.
    Unkeepable {
        /// Why not.
        reason: String,
    },
}

/// A place within a document, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceDiffers {
    /// Where, as a JSON pointer.
    pub at: String,
    /// What is stored, as JSON; nothing, if nothing is.
    pub stored: Option<String>,
    /// What the replay has made, as JSON; nothing, if nothing.
    pub replayed: Option<String>,
}

pub(super) fn compare<V: View>(
    key: DocumentKey,
    stored: Option<Document>,
    replayed: Option<Replayed<V>>,
    limits: &Limits,
) -> Option<Difference> {
    let how = match (stored, replayed) {
        (None, None) => None,
        (_, Some(Replayed { poison: Some(poison), .. })) => {
            Some(How::Unfoldable { position: poison.position, reason: poison.reason })
        }
        (None, Some(_)) => Some(How::Missing),
        (Some(_), None) => Some(How::Extra),
        (Some(stored), Some(replayed)) => both(&key, &stored, replayed, limits),
    };
    how.map(|how| Difference { key, how })
}

fn both<V: View>(
    key: &DocumentKey,
    stored: &Document,
    replayed: Replayed<V>,
    limits: &Limits,
) -> Option<How> {
    let last = replayed.last?;
    let again = match document_of(key, &replayed.state, last, limits) {
        Ok(again) => again,
        Err(reason) => return Some(How::Unkeepable { reason }),
    };
    if stored.json != again.json {
        let places = places(&stored.json, &again.json);
        if !places.is_empty() {
            return Some(How::Places(places));
        }
    }
    if stored.entries != again.entries {
        return Some(How::Entries);
    }
    (stored.last.source == again.last.source && stored.last.position != again.last.position)
        .then_some(How::LastEvent { stored: stored.last.position, replayed: again.last.position })
}

/// Where two documents differ. The order of an object's fields says nothing, so texts that
/// differ may be the same document.
fn places(stored: &str, replayed: &str) -> Vec<PlaceDiffers> {
    let mut found = Vec::new();
    match (serde_json::from_str(stored), serde_json::from_str(replayed)) {
        (Ok(stored), Ok(replayed)) => {
            walk(&mut found, String::new(), Some(&stored), Some(&replayed));
        }
        _ => found.push(PlaceDiffers {
            at: String::new(),
            stored: Some(stored.to_owned()),
            replayed: Some(replayed.to_owned()),
        }),
    }
    found
}

fn walk(
    found: &mut Vec<PlaceDiffers>,
    at: String,
    stored: Option<&Value>,
    replayed: Option<&Value>,
) {
    if stored == replayed || found.len() >= PLACES_MAX {
        return;
    }
    match (stored, replayed) {
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            let names: std::collections::BTreeSet<_> = one.keys().chain(two.keys()).collect();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                walk(found, format!("{at}/{escaped}"), one.get(name), two.get(name));
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(two))) => {
            for index in 0..one.len().max(two.len()) {
                walk(found, format!("{at}/{index}"), one.get(index), two.get(index));
            }
        }
        _ => found.push(PlaceDiffers {
            at,
            stored: stored.map(ToString::to_string),
            replayed: replayed.map(ToString::to_string),
        }),
    }
}
