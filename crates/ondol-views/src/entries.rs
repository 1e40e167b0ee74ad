//! A document's entries as bytes, kept beside it: what to take out of the indexes when it changes.

use crate::Entry;

/// The bytes are not what was packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the entries of a document end in the middle of one")]
pub struct EntriesError;

/// The entries one after another: the index in two bytes, the length in four, the value.
pub fn pack(entries: &[Entry]) -> Vec<u8> {
    let size = entries.iter().map(|entry| 6 + entry.value.len()).sum();
    let mut bytes = Vec::with_capacity(size);
    for entry in entries {
        let length = u32::try_from(entry.value.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&entry.index.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&entry.value);
    }
    bytes
}

/// The entries that were packed.
///
/// # Errors
/// When the bytes are not what was packed.
pub fn unpack(mut bytes: &[u8]) -> Result<Vec<Entry>, EntriesError> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (entry, rest) = unpack_one(bytes).ok_or(EntriesError)?;
        entries.push(entry);
        bytes = rest;
    }
    Ok(entries)
}

fn unpack_one(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let (index, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((Entry { index: u16::from_be_bytes(*index), value: value.to_vec() }, rest))
}
