//! The documents a newcomer looks for.

use crate::finding::{Finding, finding};
use crate::workspace::Workspace;

const REQUIRED: [&str; 8] = [
    "README.md",
    "README.ko.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];
const READMES: [&str; 2] = ["README.md", "README.ko.md"];
const README_LINES_MAX: usize = 150;
/// One to see the product, one to trust it.
const COMMANDS: [&str; 2] = ["cargo xtask up", "cargo xtask test"];

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    let missing = REQUIRED
        .iter()
        .filter(|path| workspace.text(path).is_none_or(|text| text.trim().is_empty()));
    let missing = missing.map(|path| finding(path, 1, "it is missing or empty"));
    let readmes = READMES.iter().filter_map(|path| Some((path, workspace.text(path)?)));
    missing.chain(readmes.flat_map(|(path, text)| of_readme(path, text))).collect()
}

fn of_readme(path: &str, text: &str) -> Vec<Finding> {
    let length = text.lines().count();
    let long = (length > README_LINES_MAX).then(|| {
        finding(path, README_LINES_MAX + 1, format!("{length} lines; at most {README_LINES_MAX}"))
    });
    let silent = COMMANDS.iter().filter(|command| !text.contains(**command));
    let silent = silent.map(|command| finding(path, 1, format!("it does not show `{command}`")));
    long.into_iter().chain(silent).collect()
}

#[cfg(test)]
mod tests;
