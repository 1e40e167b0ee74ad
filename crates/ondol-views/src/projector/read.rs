//! Events as a view sees them: read, and with the keys they touch.

use ondol_domain::{EventSet, Keys, Reader, View};
use ondol_kernel::{Envelope, Position, Recorded, StreamId};
use ondol_store::Filter;

use super::panics::guarded;
use crate::names::is_key;

/// An event that a view folds.
#[derive(Debug)]
pub(super) struct Item<E> {
    pub(super) position: Position,
    /// How large its data is: about how much it may make a document grow.
    pub(super) bytes: usize,
    pub(super) outcome: Outcome<E>,
}

/// What has become of reading an event.
#[derive(Debug)]
pub(super) enum Outcome<E> {
    /// It touches these documents.
    Event(Box<(Recorded<E>, Keys)>),
    /// It cannot be read or has no keys that can be kept, so its whole stream must wait.
    Unreadable { stream: StreamId, reason: String },
}

impl<E> Item<E> {
    pub(super) fn stream(&self) -> &StreamId {
        match &self.outcome {
            Outcome::Event(event) => &event.0.stream,
            Outcome::Unreadable { stream, .. } => stream,
        }
    }

    pub(super) fn keys(&self) -> &[String] {
        match &self.outcome {
            Outcome::Event(event) => event.1.as_slice(),
            Outcome::Unreadable { .. } => &[],
        }
    }
}

/// The events of one log that a view wants at all.
pub(super) fn filter<E: EventSet>(reader: &Reader<E>) -> Filter {
    let types = reader.sources().iter().flat_map(|source| source.types.iter().cloned()).collect();
    Filter { types, ..Filter::default() }
}

/// Reads the events of a page; those that touch nothing are left out.
pub(super) fn read_page<V: View>(
    reader: &Reader<V::Event>,
    envelopes: Vec<Envelope>,
) -> Vec<Item<V::Event>> {
    envelopes.into_iter().filter_map(|envelope| read_one::<V>(reader, envelope)).collect()
}

fn read_one<V: View>(reader: &Reader<V::Event>, envelope: Envelope) -> Option<Item<V::Event>> {
    let (position, stream) = (envelope.position, envelope.stream.clone());
    let bytes = envelope.data.bytes.len();
    let read = guarded(|| {
        let event = reader.read(envelope).map_err(|error| error.to_string())?;
        let Some(event) = event else { return Ok(None) };
        let keys = V::key(&event);
        check_keys(&keys).map(|()| Some(Box::new((event, keys))))
    });
    let outcome = match read.and_then(|outcome| outcome) {
        Ok(None) => return None,
        Ok(Some(event)) if event.1.as_slice().is_empty() => return None,
        Ok(Some(event)) => Outcome::Event(event),
        Err(reason) => Outcome::Unreadable { stream, reason },
    };
    Some(Item { position, bytes, outcome })
}

/// A key that cannot be kept is as good as none: it would be lost or take another's place.
fn check_keys(keys: &Keys) -> Result<(), String> {
    let keys = keys.as_slice();
    if let Some(wrong) = keys.iter().find(|key| !is_key(key)) {
        let start: String = wrong.chars().take(64).collect();
        return Err(format!("a key is 1 to 512 bytes without control characters, found {start:?}"));
    }
    let is_twice = keys.len() > 1 && (1..keys.len()).any(|at| keys[..at].contains(&keys[at]));
    if is_twice { Err("an event names a document twice".to_owned()) } else { Ok(()) }
}
