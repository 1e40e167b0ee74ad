//! Two texts beside each other, with a mark where they differ.

use std::fmt::Write;

/// How wide a column can be before its lines are broken.
const COLUMN_CHARS_MAX: usize = 56;

/// What was expected beside what there is, line by line.
pub(crate) fn side_by_side(expected: &str, actual: &str) -> String {
    let (left, right) = (lines("expected", expected), lines("actual", actual));
    let width = left.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for at in 0..left.len().max(right.len()) {
        let line = |side: &[String]| side.get(at).cloned().unwrap_or_default();
        let (expected, actual) = (line(&left), line(&right));
        let mark = if at > 0 && expected != actual { '≠' } else { '│' };
        let padding = " ".repeat(width - expected.chars().count());
        let row = format!("  {expected}{padding} {mark} {actual}");
        writeln!(text, "{}", row.trim_end()).expect("a text can always grow");
    }
    text
}

fn lines(title: &str, text: &str) -> Vec<String> {
    let broken = text.lines().flat_map(|line| {
        let characters: Vec<char> = line.chars().collect();
        let pieces = characters.chunks(COLUMN_CHARS_MAX).map(|piece| piece.iter().collect());
        pieces.collect::<Vec<String>>()
    });
    std::iter::once(title.to_owned()).chain(broken).collect()
}

#[cfg(test)]
mod tests;
