//! What a person can take in.

use std::ops::Range;

use crate::finding::{Finding, finding};
use crate::source::{Function, Source};
use crate::workspace::{File, Workspace};

/// A file without its tests.
const FILE_LINES_MAX: usize = 400;
/// The lines of a body that are not empty and not comments, as clippy counts them.
const FUNCTION_LINES_MAX: usize = 70;
/// `main.rs` only begins.
const MAIN_LINES_MAX: usize = 40;

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    workspace.rust().flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let source = file.source();
    let tests: usize = source.test_parts().iter().map(|part| lines(&source, part)).sum();
    let length = file.text.lines().count() - tests;
    let is_main = file.path.ends_with("/src/main.rs");
    let limit = if is_main { MAIN_LINES_MAX } else { FILE_LINES_MAX };
    let too_long = (length > limit && !file.is_test())
        .then(|| finding(&file.path, 1, format!("{length} lines; at most {limit}")));
    let functions = source.functions();
    let long_functions = functions.iter().filter_map(|function| long(file, &source, function));
    too_long.into_iter().chain(long_functions).collect()
}

fn long(file: &File, source: &Source<'_>, function: &Function) -> Option<Finding> {
    // A line of a literal is a line, a line of a comment is none.
    let text = file.text[function.body.clone()]
        .lines()
        .zip(source.comments[function.body.clone()].lines());
    let counted = text
        .filter(|(line, comment)| !line.trim().is_empty() && line.trim() != comment.trim())
        .count();
    let message =
        || format!("`{}` has {counted} lines; at most {FUNCTION_LINES_MAX}", function.name);
    // The lines of its braces do not count.
    (counted.saturating_sub(2) > FUNCTION_LINES_MAX)
        .then(|| finding(&file.path, function.line, message()))
}

fn lines(source: &Source<'_>, part: &Range<usize>) -> usize {
    source.line(part.end) - source.line(part.start) + 1
}

#[cfg(test)]
mod tests;
