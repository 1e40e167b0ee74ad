//! A folded state as a document that a store can keep.

use ondol_domain::View;

use super::panics::guarded;
use crate::{Document, DocumentKey, Entry, LastEvent, Limits, ordered};

/// The document, or why it cannot be kept.
pub(super) fn document_of<V: View>(
    key: &DocumentKey,
    state: &V,
    last: LastEvent,
    limits: &Limits,
) -> Result<Document, String> {
    let written = guarded(|| {
        let json = serde_json::to_string(state)
            .map_err(|error| format!("the document cannot be written as JSON: {error}"))?;
        Ok::<_, String>((json, entries(state)))
    });
    let (json, entries) = written??;
    let document = Document { key: key.clone(), json, entries, last };
    document.check(limits).map_err(|error| error.to_string())?;
    Ok(document)
}

fn entries<V: View>(state: &V) -> Vec<Entry> {
    let entry = |(at, index): (usize, &ondol_domain::Index<V>)| {
        let value = ordered::encode(&(index.value)(state))?;
        Some(Entry { index: u16::try_from(at).ok()?, value })
    };
    V::indexes().iter().enumerate().filter_map(entry).collect()
}
