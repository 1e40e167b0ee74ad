//! Comments, literals, and the code between them.

use std::ops::Range;

/// A text divided up.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) code: Vec<Range<usize>>,
    pub(super) comments: Vec<Range<usize>>,
    /// Without their quotes.
    pub(super) literals: Vec<Range<usize>>,
}

/// Divides a text up.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexed = Lexed::default();
    let (mut place, mut code) = (0, 0);
    while let Some(letter) = text[place..].chars().next() {
        let named =
            text[..place].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let Some(piece) = piece(&text[place..], named) else {
            place += letter.len_utf8();
            continue;
        };
        lexed.code.push(code..place);
        let end = place + piece.length;
        match piece.inside {
            Some(inside) => lexed.literals.push(place + inside.start..place + inside.end),
            None if piece.is_comment => lexed.comments.push(place..end),
            None => {}
        }
        (place, code) = (end, end);
    }
    lexed.code.push(code..text.len());
    lexed
}

/// Something that is not code, at the beginning of a text.
struct Piece {
    length: usize,
    is_comment: bool,
    /// Of a string: what is between its quotes.
    inside: Option<Range<usize>>,
}

fn piece(rest: &str, named: bool) -> Option<Piece> {
    let comment = |length| Some(Piece { length, is_comment: true, inside: None });
    if rest.starts_with("//") {
        return comment(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return comment(block_comment(rest));
    }
    if let Some(body) = rest.strip_prefix('"') {
        let end = quoted_end(body, '"') + 1;
        return Some(Piece {
            length: (end + 1).min(rest.len()),
            is_comment: false,
            inside: Some(1..end),
        });
    }
    if rest.starts_with('\'') {
        let length = character(rest)?;
        return Some(Piece { length, is_comment: false, inside: None });
    }
    if named { None } else { raw_string(rest) }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut place) = (0_usize, 0);
    while let Some(found) = rest[place..].find(['/', '*']) {
        place += found;
        if rest[place..].starts_with("/*") {
            (depth, place) = (depth + 1, place + 2);
        } else if rest[place..].starts_with("*/") {
            (depth, place) = (depth - 1, place + 2);
            if depth == 0 {
                return place;
            }
        } else {
            place += 1;
        }
    }
    rest.len()
}

/// The place of the closing quote, passing over escapes.
fn quoted_end(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().find(|(_, letter)| {
        let ends = !escaped && *letter == quote;
        escaped = !escaped && *letter == '\\';
        ends
    });
    end.map_or(rest.len(), |(place, _)| place)
}

/// The length of a character literal; nothing for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut letters = rest[1..].chars();
    let first = letters.next()?;
    if first == '\\' {
        return Some((quoted_end(&rest[1..], '\'') + 2).min(rest.len()));
    }
    (letters.next() == Some('\'')).then(|| first.len_utf8() + 2)
}

/// `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`.
fn raw_string(rest: &str) -> Option<Piece> {
    let after = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let start = rest.len() - body.len();
    let close = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&close).unwrap_or(body.len());
    let end = (start + length + close.len()).min(rest.len());
    Some(Piece { length: end, is_comment: false, inside: Some(start..start + length) })
}

/// The text with spaces for all that is not in these ranges; lines stay lines.
pub(super) fn keep(text: &str, ranges: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut place = 0;
    for range in ranges {
        blank(&mut kept, &text[place..range.start]);
        kept.push_str(&text[range.clone()]);
        place = range.end;
    }
    blank(&mut kept, &text[place..]);
    kept
}

fn blank(kept: &mut String, text: &str) {
    kept.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}
