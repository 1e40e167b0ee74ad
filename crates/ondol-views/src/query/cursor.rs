//! A place in an answer, as text that means nothing to whoever carries it.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::{Direction, InvalidQuery, Place, Selection};

/// A cursor is made of: one byte for its own version, one for the direction, the length of the
/// index's name and the name, the length of the value and the value, and the key.
const VERSION: u8 = 1;
/// The longest cursor that is looked at, in characters.
const TEXT_MAX: usize = 8_192;

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(String);

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is the text that a page came with, found something else")]
pub struct CursorError;

impl Cursor {
    pub(crate) fn at(selection: &Selection, direction: Direction, place: &Place) -> Self {
        let mut bytes = vec![VERSION, u8::from(direction == Direction::Descending)];
        put(&mut bytes, list_name(selection).as_bytes());
        put(&mut bytes, &place.value);
        bytes.extend_from_slice(place.key.as_bytes());
        Self(BASE64.encode(bytes))
    }

    pub(super) fn place(
        &self,
        selection: &Selection,
        direction: Direction,
    ) -> Result<Place, InvalidQuery> {
        let bytes = BASE64.decode(&self.0).map_err(|_damaged| InvalidQuery::ForeignCursor)?;
        read(&bytes, selection, direction).ok_or(InvalidQuery::ForeignCursor)
    }
}

/// The ordered list that a selection walks along; the keys' own has a name no index can have.
fn list_name(selection: &Selection) -> &str {
    match selection {
        Selection::Keys(_) => "",
        Selection::Index { name, .. } => name,
    }
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
}

fn read(bytes: &[u8], selection: &Selection, direction: Direction) -> Option<Place> {
    let (head, rest) = bytes.split_at_checked(2)?;
    let expected = [VERSION, u8::from(direction == Direction::Descending)];
    let (name, rest) = take(rest)?;
    let (value, key) = take(rest)?;
    let is_ours = head == expected && name == list_name(selection).as_bytes();
    let key = std::str::from_utf8(key).ok()?.to_owned();
    is_ours.then(|| Place { value: value.to_vec(), key })
}

fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if text.is_empty() || text.len() > TEXT_MAX || !text.bytes().all(is_url_safe) {
            return Err(CursorError);
        }
        Ok(Self(text.to_owned()))
    }
}
