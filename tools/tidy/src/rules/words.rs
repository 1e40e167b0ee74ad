//! Words that do not stay in the house.

use crate::finding::{Finding, finding};
use crate::markdown::{Markdown, without_ticks};
use crate::source::places;
use crate::workspace::{File, Workspace};

/// Work left for later, as people mark it.
const LATER: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];
/// Work left for later, as macros.
const LATER_MACROS: [&str; 2] = ["todo!", "unimplemented!"];
/// Other files that people write comments in.
const COMMENTED: [&str; 8] = [".toml", ".yml", ".yaml", ".sql", ".js", ".css", ".html", ".sh"];
/// Under these, time is moved by the test itself.
const TIME_IS_MOVED: [&str; 2] = ["start_paused", "time::pause"];

pub(super) fn unfinished(workspace: &Workspace) -> Vec<Finding> {
    workspace.files.iter().flat_map(left_for_later).collect()
}

fn left_for_later(file: &File) -> Vec<Finding> {
    let at = |line, word: &str| {
        finding(&file.path, line, format!("`{word}`: do it now, or say why it is so"))
    };
    if file.path.ends_with(".rs") {
        let source = file.source();
        let comments = LATER
            .iter()
            .flat_map(|word| places(&source.comments, word).map(move |place| (place, word)));
        let macros = LATER_MACROS
            .iter()
            .flat_map(|word| source.places(word).map(move |place| (place, word)));
        return comments.chain(macros).map(|(place, word)| at(source.line(place), word)).collect();
    }
    let lines: Vec<(usize, String)> = if file.path.ends_with(".md") {
        Markdown::new(&file.text).prose().map(|at| (at.line, without_ticks(at.what))).collect()
    } else if COMMENTED.iter().any(|ending| file.path.ends_with(ending)) {
        file.text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
    } else {
        Vec::new()
    };
    let found = lines.iter().flat_map(|(line, text)| {
        LATER.iter().filter(|word| places(text, word).next().is_some()).map(|word| at(*line, word))
    });
    found.collect()
}

pub(super) fn exceptions(workspace: &Workspace) -> Vec<Finding> {
    let message = "write `#[expect(…, reason = \"…\")]`: it gives a reason, and goes when it is no longer needed";
    workspace.rust().flat_map(|file| code(file, &["#[allow(", "#![allow("], message)).collect()
}

pub(super) fn honest_tests(workspace: &Workspace) -> Vec<Finding> {
    let ignored = workspace.rust().flat_map(|file| {
        code(
            file,
            &["#[ignore"],
            "a test that does not run shows nothing: make it run, or remove it",
        )
    });
    let sleeping = workspace.rust().flat_map(|file| {
        let moved = TIME_IS_MOVED.iter().any(|word| file.text.contains(word));
        let found = if moved { Vec::new() } else { sleeps(file) };
        found.into_iter()
    });
    ignored.chain(sleeping).collect()
}

fn sleeps(file: &File) -> Vec<Finding> {
    let source = file.source();
    let parts = source.test_parts();
    // A method is a clock's, and a clock in a test is the test's own.
    let in_test = |place: &usize| {
        let is_method = source.code[..*place].ends_with('.');
        !is_method && (file.is_test() || parts.iter().any(|part| part.contains(place)))
    };
    let message = "a sleep only hopes: wait for the condition, or move the clock";
    let found = source.places("sleep(").filter(in_test);
    found.map(|place| finding(&file.path, source.line(place), message)).collect()
}

fn code(file: &File, pieces: &[&str], message: &str) -> Vec<Finding> {
    let source = file.source();
    let places = pieces.iter().flat_map(|piece| source.places(piece));
    places.map(|place| finding(&file.path, source.line(place), message)).collect()
}

#[cfg(test)]
mod tests;
