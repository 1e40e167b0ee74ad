//! What a member takes from the workspace.

use toml::{Table, Value};

use crate::finding::{Finding, finding};
use crate::workspace::{Member, Workspace};

/// Said once, in the root.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];
/// Where dependencies are named.
const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    workspace.members.iter().flat_map(|member| of_member(workspace, member)).collect()
}

fn of_member(workspace: &Workspace, member: &Member) -> Vec<Finding> {
    let path = member.manifest();
    let text = workspace.text(&path).unwrap_or_default();
    let problems = match text.parse::<Table>() {
        Ok(table) => problems(&member.name, &table),
        Err(error) => vec![format!("it is not TOML: {}", error.message())],
    };
    problems.into_iter().map(|problem| finding(&path, 1, problem)).collect()
}

fn problems(member: &str, table: &Table) -> Vec<String> {
    let package = table.get("package").and_then(Value::as_table);
    let mut problems = Vec::new();
    if !table.get("lints").is_some_and(inherits) {
        problems.push("`[lints] workspace = true` is missing".to_owned());
    }
    for key in INHERITED {
        if !package.and_then(|package| package.get(key)).is_some_and(inherits) {
            problems.push(format!("`{key}.workspace = true` is missing"));
        }
    }
    if package.and_then(|package| package.get("description")).is_none() {
        problems.push("a description is missing".to_owned());
    }
    let named = DEPENDENCIES.iter().filter_map(|kind| table.get(*kind)?.as_table()).flatten();
    // Naming itself is how a crate's tests turn on its features.
    let strangers = named.filter(|(name, value)| !inherits(value) && *name != member);
    problems
        .extend(strangers.map(|(name, _)| format!("`{name}` does not come from the workspace")));
    problems
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests;
