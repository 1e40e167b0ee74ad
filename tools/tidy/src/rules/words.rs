//! Words that do not stay in the house.

use crate::finding::{Finding, finding};
use crate::markdown::{Markdown, without_ticks};
use crate::source::places;
use crate::workspace::{File, Workspace};

/// Work left for later, as people mark it.
const LATER: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];
/// The same in small letters, where they are no words of their own.
const LATER_SMALL: [&str; 2] = ["todo", "fixme"];
/// Work left for later, as macros.
const LATER_MACROS: [&str; 2] = ["todo!", "unimplemented!"];
/// Other files that people write comments in.
const COMMENTED: [&str; 8] = [".toml", ".yml", ".yaml", ".sql", ".js", ".css", ".html", ".sh"];
const IGNORED: &str = "a test that does not run shows nothing: make it run, or remove it";
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
        let small = source.comments.to_ascii_lowercase();
        let loud = LATER.iter().filter(|word| !is_small(word));
        let loud = loud.flat_map(|word| places(&source.comments, word).map(move |at| (at, word)));
        let small =
            LATER_SMALL.iter().flat_map(|word| places(&small, word).map(move |at| (at, word)));
        let comments = loud.chain(small);
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

fn is_small(word: &str) -> bool {
    LATER_SMALL.iter().any(|small| small.eq_ignore_ascii_case(word))
}

pub(super) fn exceptions(workspace: &Workspace) -> Vec<Finding> {
    let message = "write `#[expect(…, reason = \"…\")]`: it gives a reason, and goes when it is no longer needed";
    let plain = workspace.rust().flat_map(|file| code(file, &["#[allow(", "#![allow("], message));
    plain.chain(workspace.rust().flat_map(|file| conditional(file, "allow(", message))).collect()
}

pub(super) fn honest_tests(workspace: &Workspace) -> Vec<Finding> {
    let ignored = workspace.rust().flat_map(|file| code(file, &["#[ignore"], IGNORED));
    let hidden = workspace.rust().flat_map(|file| conditional(file, "ignore", IGNORED));
    ignored.chain(hidden).chain(workspace.rust().flat_map(sleeps)).collect()
}

fn sleeps(file: &File) -> Vec<Finding> {
    let source = file.source();
    if TIME_IS_MOVED.iter().any(|word| source.code.contains(word)) {
        return Vec::new();
    }
    let parts = source.test_parts();
    // A method is a clock's, and a clock in a test is the test's own.
    let in_test = |place: &usize| {
        let before = &source.code[..*place];
        let is_a_clocks = before.ends_with('.') || before.ends_with("fn ");
        !is_a_clocks && (file.is_test() || parts.iter().any(|part| part.contains(place)))
    };
    let message = "a sleep only hopes: wait for the condition, or move the clock";
    let found = source.places("sleep(").filter(in_test);
    found.map(|place| finding(&file.path, source.line(place), message)).collect()
}

/// What stands behind a condition: `#[cfg_attr(…, allow(…))]`.
fn conditional(file: &File, piece: &str, message: &str) -> Vec<Finding> {
    let source = file.source();
    let hidden = source.places("cfg_attr(").filter(|place| {
        let rest = &source.code[*place..];
        let attribute = &rest[..rest.find(']').unwrap_or(rest.len())];
        places(attribute, piece).next().is_some()
    });
    hidden.map(|place| finding(&file.path, source.line(place), message)).collect()
}

fn code(file: &File, pieces: &[&str], message: &str) -> Vec<Finding> {
    let source = file.source();
    let places = pieces.iter().flat_map(|piece| source.places(piece));
    places.map(|place| finding(&file.path, source.line(place), message)).collect()
}

#[cfg(test)]
mod tests;
