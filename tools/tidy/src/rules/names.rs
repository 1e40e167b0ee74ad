//! Names that say what a thing is for.

use crate::finding::{Finding, finding};
use crate::workspace::Workspace;

/// Slots, not capabilities: anything fits into them, so everything ends up there.
const BANNED: [&str; 12] = [
    "core", "common", "util", "utils", "shared", "helper", "helpers", "manager", "misc", "base",
    "stuff", "general",
];

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    let crates = workspace.members.iter().filter_map(|member| {
        let word = banned(&member.name)?;
        Some(finding(
            &member.manifest(),
            1,
            format!("`{}`: `{word}` says nothing about it", member.name),
        ))
    });
    let modules = workspace.rust().filter_map(|file| {
        let sources = file.path.split_once("/src/").map_or(file.path.as_str(), |(_, rest)| rest);
        let word = sources.trim_end_matches(".rs").split('/').find_map(banned)?;
        Some(finding(&file.path, 1, format!("`{word}` says nothing about it")))
    });
    crates.chain(modules).collect()
}

fn banned(name: &str) -> Option<&str> {
    name.split(['-', '_', '/']).find(|part| BANNED.contains(part))
}

#[cfg(test)]
mod tests;
