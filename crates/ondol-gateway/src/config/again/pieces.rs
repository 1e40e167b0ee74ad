//! A text taken apart into the tables of its routes and everything else.
//!
//! A line that begins with `[` begins a table, if the text is good and has no strings over several
//! lines. A route's table is taken to be whole and alone when it begins with `[routes.NAME]`, all its
//! tables follow each other, and nobody else writes a header that could mean the same: TOML then
//! refuses every other way to say something about it.

use std::collections::BTreeMap;

/// The pieces of a text.
#[derive(Debug, Default)]
pub(super) struct Pieces<'a> {
    /// All that is no route's, in its order.
    pub(super) rest: Vec<&'a str>,
    /// The tables of each route, as they are written.
    pub(super) routes: BTreeMap<&'a str, &'a str>,
}

/// What a header begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header<'a> {
    /// `[routes.NAME]`.
    Route(&'a str),
    /// `[routes.NAME.more]`.
    Within(&'a str),
    /// Something else.
    Other,
}

impl<'a> Pieces<'a> {
    /// The pieces, if the text is as plain as they need it.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        if text.contains("\"\"\"") || text.contains("'''") {
            return None;
        }
        let mut pieces = Self::default();
        let (mut begin, mut at, mut route) = (0, 0, None);
        for line in text.split_inclusive('\n') {
            let header = line.trim_start_matches([' ', '\t']);
            if header.starts_with('[') {
                match (Header::read(header)?, route) {
                    // More of the same route.
                    (Header::Within(name), Some(current)) if name == current => {}
                    (Header::Within(_), _) => return None,
                    (Header::Route(name), _) => {
                        pieces.add(route, &text[begin..at])?;
                        (begin, route) = (at, Some(name));
                    }
                    (Header::Other, _) => {
                        pieces.add(route, &text[begin..at])?;
                        (begin, route) = (at, None);
                    }
                }
            }
            at += line.len();
        }
        pieces.add(route, &text[begin..])?;
        Some(pieces)
    }

    fn add(&mut self, route: Option<&'a str>, piece: &'a str) -> Option<()> {
        match route {
            None => self.rest.push(piece),
            Some(name) => match self.routes.insert(name, piece) {
                None => {}
                Some(_twice) => return None,
            },
        }
        Some(())
    }
}

impl<'a> Header<'a> {
    /// Reads a header; nothing, if it is written in a way that could mean several things.
    fn read(header: &'a str) -> Option<Self> {
        let inner = header.trim_start_matches('[');
        let (first, more) = split_key(inner)?;
        if first != "routes" {
            return Some(Self::Other);
        }
        if !header.starts_with("[routes.") {
            return None;
        }
        let (name, more) = split_key(more.strip_prefix('.')?)?;
        match more.as_bytes().first() {
            Some(b']') => Some(Self::Route(name)),
            Some(b'.') => Some(Self::Within(name)),
            _ => None,
        }
    }
}

/// A key without quotation marks, and what follows it.
fn split_key(text: &str) -> Option<(&str, &str)> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let end = text.find(|letter| !plain(letter)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
