//! Error codes and their pages.

use crate::finding::{Finding, finding};
use crate::markdown::Markdown;
use crate::source::{Function, Source};
use crate::workspace::{File, Workspace};

const FOLDER: &str = "docs/errors/";
const INDEX: &str = "README.md";
/// What a page tells whoever meets the code.
const SECTIONS: [&str; 3] = ["What happened", "What you see", "What to do"];

/// A code in the sources.
struct Code {
    code: String,
    file: String,
    line: usize,
}

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    let codes: Vec<_> =
        workspace.rust().filter(|file| !file.is_test()).flat_map(declared).collect();
    let pages: Vec<_> = workspace.markdown().filter_map(|file| Some((page(file)?, file))).collect();
    let odd = codes.iter().filter(|code| !is_well_formed(&code.code));
    let odd = odd.map(|code| at(code, "is not lower case with dots and hyphens"));
    let lost = codes.iter().filter(|code| !pages.iter().any(|(page, _)| *page == code.code));
    let lost = lost.map(|code| at(code, "has no page in docs/errors"));
    let idle = pages.iter().filter(|(page, _)| !codes.iter().any(|code| code.code == *page));
    let idle =
        idle.map(|(page, file)| finding(&file.path, 1, format!("no error has the code `{page}`")));
    let thin = pages.iter().flat_map(|(_, file)| of_page(file));
    let hidden = workspace.rust().filter(|file| !file.is_test()).flat_map(hidden);
    odd.chain(lost).chain(idle).chain(thin).chain(hidden).collect()
}

fn at(code: &Code, message: &str) -> Finding {
    finding(&code.file, code.line, format!("the error code `{}` {message}", code.code))
}

/// The functions `fn code(…) -> &'static str`.
fn functions(source: &Source<'_>) -> Vec<Function> {
    let tests = source.test_parts();
    let mut functions = source.functions();
    functions.retain(|function| {
        let signature = &source.code[function.signature.clone()];
        let in_test = tests.iter().any(|part| part.contains(&function.signature.start));
        function.name == "code" && signature.contains("-> &'static str") && !in_test
    });
    functions
}

/// What they may answer.
fn declared(file: &File) -> Vec<Code> {
    let source = file.source();
    let codes = functions(&source).into_iter().flat_map(|function| {
        let literals = source
            .literals_in(&function.body)
            .map(|(place, code)| (source.line(place), code.to_owned()));
        literals.collect::<Vec<_>>()
    });
    // The type's own file makes some by itself.
    let own = if file.path.ends_with("ondol-http/src/problem.rs") { "Self::new" } else { "" };
    let made = ["Problem::new", own].into_iter().filter(|piece| !piece.is_empty());
    let places: Vec<_> = made.flat_map(|piece| source.places(piece)).collect();
    let problems = places.into_iter().filter_map(|place| problem(&source, place));
    let all = codes.chain(problems.collect::<Vec<_>>());
    all.map(|(line, code)| Code { code, file: file.path.clone(), line }).collect()
}

/// The code of a problem that is told over HTTP: the first literal that it is made with.
fn problem(source: &Source<'_>, place: usize) -> Option<(usize, String)> {
    let rest = &source.code[place..];
    let end = place + rest.find(';').unwrap_or(rest.len());
    let (at, code) = source.literals_in(&(place..end)).next()?;
    Some((source.line(at), code.to_owned()))
}

/// Those that answer with a constant, or with what a macro puts together.
fn hidden(file: &File) -> Vec<Finding> {
    let source = file.source();
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let is_constant = |word: &str| {
        word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let hides = |function: &Function| {
        let body = &source.code[function.body.clone()];
        body.contains("concat!") || body.split(|letter| !is_name(letter)).any(is_constant)
    };
    let found = functions(&source).into_iter().filter(hides);
    let message = "write the code out, so that its page can be looked up";
    found.map(|function| finding(&file.path, function.line, message)).collect()
}

fn page(file: &File) -> Option<&str> {
    let name = file.path.strip_prefix(FOLDER).filter(|name| *name != INDEX)?;
    name.strip_suffix(".md")
}

fn is_well_formed(code: &str) -> bool {
    let plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-_".contains(letter)
    };
    !code.is_empty() && code.chars().all(plain)
}

fn of_page(file: &File) -> Vec<Finding> {
    let document = Markdown::new(&file.text);
    let told = |title: &&&str| document.section(2, title).is_some_and(|(_, text)| text.has_text());
    let missing = SECTIONS.iter().filter(|title| !told(title));
    missing.map(|title| finding(&file.path, 1, format!("it does not tell `## {title}`"))).collect()
}

#[cfg(test)]
mod tests;
