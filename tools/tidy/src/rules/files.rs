//! How files begin, and what they are called.

use crate::finding::{Finding, finding};
use crate::workspace::{File, Workspace};

pub(super) fn module_docs(workspace: &Workspace) -> Vec<Finding> {
    let silent = workspace.rust().filter(|file| !has_docs(file));
    silent
        .map(|file| {
            finding(&file.path, 1, "begin with `//!`: what it is, why it is so, its limits")
        })
        .collect()
}

/// Documentation, or attributes of the whole file and then documentation, with something in it.
fn has_docs(file: &File) -> bool {
    let passed = |line: &&str| line.is_empty() || line.starts_with("#!");
    let first = file.text.lines().map(str::trim).find(|line| !passed(line));
    first.and_then(|line| line.strip_prefix("//!")).is_some_and(|said| !said.trim().is_empty())
}

pub(super) fn mod_files(workspace: &Workspace) -> Vec<Finding> {
    let found = workspace.rust().filter(|file| file.path.ends_with("/mod.rs"));
    found
        .map(|file| finding(&file.path, 1, "call it after its folder: `foo.rs` beside `foo/`"))
        .collect()
}

#[cfg(test)]
mod tests;
