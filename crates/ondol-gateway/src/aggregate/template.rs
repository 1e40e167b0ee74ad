//! What a part's backend is asked for, with holes to be filled.
//!
//! What fills a hole is a part of an address and nothing else: whatever else it could mean is escaped,
//! and an address that would be another one in its canonical form is not asked for.

use std::fmt::Write as _;

use crate::canonical::canonical_path;
use crate::json::{Pointer, PointerError};

/// An address with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pieces: Vec<(String, Option<Hole>)>,
}

/// What is to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hole {
    /// What a parameter of the route's path stood for.
    Path(String),
    /// A parameter of the query.
    Query(String),
    /// What is at a place in another part's answer.
    Part(String, Pointer),
}

/// Why a text is no address with holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TemplateError {
    #[error("a path begins with `/`")]
    Beginning,
    #[error("`{{` is not closed")]
    Open,
    #[error(transparent)]
    Place(#[from] PointerError),
}

impl Template {
    pub(crate) fn read(text: &str) -> Result<Self, TemplateError> {
        if !text.starts_with('/') {
            return Err(TemplateError::Beginning);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (hole, after) = after.split_once('}').ok_or(TemplateError::Open)?;
            pieces.push((before.to_owned(), Some(Hole::read(hole)?)));
            rest = after;
        }
        pieces.push((rest.to_owned(), None));
        Ok(Self { pieces })
    }

    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|(_, hole)| hole.as_ref())
    }

    /// The parts whose answers it needs.
    pub(crate) fn parts(&self) -> Vec<&str> {
        let parts = self.holes().filter_map(|hole| match hole {
            Hole::Part(name, _) => Some(name.as_str()),
            Hole::Path(_) | Hole::Query(_) => None,
        });
        parts.collect()
    }

    /// The address; nothing, if something is not there that has to be, or would lead elsewhere.
    pub(crate) fn fill(&self, value: impl Fn(&Hole) -> Option<String>) -> Option<String> {
        let mut out = String::new();
        for (text, hole) in &self.pieces {
            out.push_str(text);
            let Some(hole) = hole else { continue };
            let found = value(hole).filter(|found| !found.is_empty());
            match (found, hole) {
                // It has stood in a path already.
                (Some(found), Hole::Path(_)) => out.push_str(&found),
                (Some(found), Hole::Query(_) | Hole::Part(..)) => escape(&found, &mut out),
                // In the query, nothing is something.
                (None, _) if out.contains('?') => {}
                (None, _) => return None,
            }
        }
        let path = out.split('?').next().unwrap_or_default();
        matches!(canonical_path(path.as_bytes()), Ok(None)).then_some(out)
    }
}

impl Hole {
    fn read(text: &str) -> Result<Self, TemplateError> {
        if let Some(name) = text.strip_prefix('?') {
            return Ok(Self::Query(name.to_owned()));
        }
        match text.split_once(':') {
            Some((part, place)) => Ok(Self::Part(part.to_owned(), Pointer::read(place)?)),
            None => Ok(Self::Path(text.to_owned())),
        }
    }
}

/// The value of a parameter of a query, unescaped.
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(known, _)| unescape(known).as_deref() == Some(name))?;
    unescape(value)
}

/// Nothing, if it is no text.
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?.to_owned();
                let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                out.push(u8::from_str_radix(&digits, 16).ok().filter(|_| plain)?);
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let written = write!(out, "%{byte:02X}");
            debug_assert!(written.is_ok(), "a string takes everything");
        }
    }
}
