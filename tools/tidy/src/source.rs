//! Rust text, coarsely: what is code, what is comment, what is literal, where functions begin and end.

use std::ops::Range;

mod lexer;

/// A Rust file's text, taken apart.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    text: &'t str,
    /// As long as the text, with spaces for comments and literals.
    pub(crate) code: String,
    /// As long as the text, with spaces for all but the comments.
    pub(crate) comments: String,
    /// Where the insides of string literals are.
    pub(crate) literals: Vec<Range<usize>>,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// From its `fn` to its body.
    pub(crate) signature: Range<usize>,
    /// From brace to brace.
    pub(crate) body: Range<usize>,
    pub(crate) is_test: bool,
}

/// A module declared with a semicolon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// `#[path = "…"]`
    pub(crate) path: Option<String>,
}

impl<'t> Source<'t> {
    /// Takes a text apart.
    pub(crate) fn new(text: &'t str) -> Self {
        let lexed = lexer::lex(text);
        Self {
            text,
            code: lexer::keep(text, &lexed.code),
            comments: lexer::keep(text, &lexed.comments),
            literals: lexed.literals,
        }
    }

    /// The line of a place, counted from one.
    pub(crate) fn line(&self, place: usize) -> usize {
        self.text[..place].matches('\n').count() + 1
    }

    /// The string literals that lie in a part of the text.
    pub(crate) fn literals_in<'s>(
        &'s self,
        part: &'s Range<usize>,
    ) -> impl Iterator<Item = (usize, &'t str)> + 's {
        let inside =
            self.literals.iter().filter(|range| part.start <= range.start && range.end <= part.end);
        inside.map(|range| (range.start, &self.text[range.clone()]))
    }

    /// Where a piece of code stands, on its own and not as a part of a longer name.
    pub(crate) fn places<'s>(&'s self, piece: &'s str) -> impl Iterator<Item = usize> + 's {
        places(&self.code, piece)
    }

    /// All functions with a body, nested ones too.
    pub(crate) fn functions(&self) -> Vec<Function> {
        self.places("fn").filter_map(|place| self.function(place)).collect()
    }

    fn function(&self, place: usize) -> Option<Function> {
        let after = place + "fn".len();
        let name = word_at(&self.code, after + spaces(&self.code[after..]))?;
        let open = body_start(&self.code, after)?;
        let body = open..block_end(&self.code, open);
        let head = &self.code[..place];
        let attributes = &head[head.rfind(['{', '}', ';']).map_or(0, |found| found + 1)..];
        let is_test =
            ["#[test]", "::test]", "::test("].iter().any(|mark| attributes.contains(mark));
        Some(Function {
            name: name.to_owned(),
            line: self.line(place),
            signature: place..open,
            body,
            is_test,
        })
    }

    /// The parts that are compiled for tests only: `#[cfg(test)] mod … { … }`.
    pub(crate) fn test_parts(&self) -> Vec<Range<usize>> {
        let marks = self.code.match_indices("#[cfg(test)]").map(|(place, _)| place);
        let parts = marks.filter_map(|place| {
            let open = place + self.code[place..].find(['{', ';'])?;
            self.code[open..].starts_with('{').then(|| place..block_end(&self.code, open))
        });
        parts.collect()
    }

    /// The modules this file has in other files.
    pub(crate) fn modules(&self) -> Vec<Module> {
        self.places("mod").filter_map(|place| self.module(place)).collect()
    }

    fn module(&self, place: usize) -> Option<Module> {
        let after = place + "mod".len();
        let start = after + spaces(&self.code[after..]);
        let name = word_at(&self.code, start)?;
        let end = start + name.len();
        self.code[end..].trim_start().starts_with(';').then(|| {
            let head = &self.code[..place];
            let before = head.rfind([';', '}', '{']).map_or(0, |found| found + 1)..place;
            let mut paths = self.literals_in(&before);
            let path = self.code[before.clone()].contains("#[path").then(|| paths.next()).flatten();
            let path = path.map(|(_, path)| path.to_owned());
            Module { name: name.to_owned(), line: self.line(place), path }
        })
    }
}

/// Where a piece stands in a text and is not a part of a longer name.
pub(crate) fn places<'s>(text: &'s str, piece: &'s str) -> impl Iterator<Item = usize> + 's {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let begins = piece.starts_with(is_name);
    let ends = piece.ends_with(is_name);
    text.match_indices(piece).map(|(place, _)| place).filter(move |&place| {
        let before = text[..place].ends_with(is_name);
        let after = text[place + piece.len()..].starts_with(is_name);
        !(begins && before || ends && after)
    })
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn word_at(code: &str, place: usize) -> Option<&str> {
    let rest = &code[place..];
    let end =
        rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// The opening brace of a function's body; nothing for a declaration that ends with a semicolon.
fn body_start(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, letter) in code[from..].char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            '{' if depth == 0 => return Some(from + place),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Behind the brace that closes the one at `open`; the end of the text when none does.
fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (place, letter) in code[open..].char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return open + place + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests;
