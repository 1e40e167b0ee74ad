//! JSON as it is written: every number keeps its digits, and every object the order of its members.
//!
//! A number is never read, so none is ever rounded. Limits: how deep it goes, how many values it has.

mod pointer;
mod read;
mod write;

pub(crate) use pointer::{Pointer, PointerError};

/// How deep arrays and objects may be in each other.
const DEPTH_MAX: usize = 64;
/// Values of a document.
const VALUES_MAX: usize = 1_000_000;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    /// In the order in which they are written.
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Text(String),
    /// A number as it is written, `true`, `false` or `null`.
    Plain(Box<str>),
}

/// Why a text is not JSON, or too much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum JsonError {
    #[error("it is not JSON at byte {0}")]
    Malformed(usize),
    #[error("a member is there twice")]
    Twice,
    #[error("it is deeper than {DEPTH_MAX}")]
    TooDeep,
    #[error("it has more than {VALUES_MAX} values")]
    TooMany,
}

impl Json {
    /// Reads a document. Of members that are there twice nobody knows which is meant.
    pub(crate) fn read(text: &[u8]) -> Result<Self, JsonError> {
        read::read(text, true)
    }

    /// The same; members that are there twice are both kept.
    pub(crate) fn read_leniently(text: &[u8]) -> Result<Self, JsonError> {
        read::read(text, false)
    }

    /// An object without members.
    pub(crate) const fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// As it is written, without spaces.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write::write(self, &mut out);
        out
    }

    /// What may stand in an address: a text or a number.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Plain(plain) if &**plain != "null" => Some(plain),
            _ => None,
        }
    }

    /// Puts the members of one object into another: what is in both is joined, or taken from the other.
    pub(crate) fn join(&mut self, other: Self) {
        match (self, other) {
            (Self::Object(members), Self::Object(others)) => {
                for (name, value) in others {
                    match members.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) => known.join(value),
                        None => members.push((name, value)),
                    }
                }
            }
            (this, other) => *this = other,
        }
    }
}

#[cfg(test)]
impl Json {
    /// All that is neither text nor made of others.
    pub(crate) fn plains(&self, into: &mut Vec<String>) {
        match self {
            Self::Object(members) => members.iter().for_each(|(_, value)| value.plains(into)),
            Self::Array(values) => values.iter().for_each(|value| value.plains(into)),
            Self::Text(_) => {}
            Self::Plain(plain) => into.push(plain.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
