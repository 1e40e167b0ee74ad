//! Names that documents give as proof, and whether they exist.

use std::collections::HashSet;

use toml::{Table, Value};

use crate::markdown::ticked;
use crate::workspace::Workspace;

/// Says that a promise runs ahead of the crate that will keep it.
const AHEAD: &str = "arrives with";
/// Commands that prove something by themselves.
const PROVING: [&str; 3] = ["cargo xtask torture", "cargo xtask bench", "cargo deny"];

/// Everything that can keep a promise, and everything that may be named beside it.
pub(super) struct Checks {
    proofs: HashSet<String>,
    places: HashSet<String>,
    members: HashSet<String>,
}

impl Checks {
    /// Gathers them from a workspace.
    pub(super) fn of(workspace: &Workspace) -> Self {
        let functions = workspace.rust().flat_map(|file| file.source().functions());
        let mut proofs: HashSet<_> =
            functions.filter(|function| function.is_test).map(|test| test.name).collect();
        proofs.extend(super::ALL.iter().map(|rule| rule.name.to_owned()));
        proofs.extend(lints(&table(workspace, "Cargo.toml")));
        proofs.extend(banned_calls(&table(workspace, "clippy.toml")));
        proofs.extend(banned_crates(&table(workspace, "deny.toml")));
        let members = workspace.members.iter().map(|member| member.name.clone()).collect();
        Self {
            proofs,
            places: workspace.files.iter().map(|file| file.path.clone()).collect(),
            members,
        }
    }

    /// What is wrong with a text that should name its proof.
    pub(super) fn problems(&self, text: &str) -> Vec<String> {
        let (now, later) = text.split_once(AHEAD).unwrap_or((text, ""));
        let arriving: Vec<_> = ticked(later).collect();
        let arrived = arriving.iter().filter(|name| self.members.contains(**name));
        let mut problems: Vec<_> = arrived
            .map(|name| format!("`{name}` has arrived: name the test that keeps it"))
            .collect();
        let named: Vec<_> = ticked(now).collect();
        let strangers = named.iter().filter(|name| !self.is_proof(name) && !self.is_place(name));
        problems.extend(
            strangers.map(|name| format!("`{name}` is no test, lint, rule, file or crate")),
        );
        if problems.is_empty()
            && arriving.is_empty()
            && !named.iter().any(|name| self.is_proof(name))
        {
            problems.push("it names no test, lint or rule in backticks".to_owned());
        }
        problems
    }

    fn is_proof(&self, name: &str) -> bool {
        let last = name.rsplit("::").next().unwrap_or(name);
        let is_lint =
            ["clippy::", "rust::", "rustdoc::"].iter().any(|group| name.starts_with(group));
        let known = self.proofs.contains(name) || self.proofs.contains(last);
        // A path may lead to a test; a path into clippy leads to a lint only.
        (known && (!is_lint || self.proofs.contains(name)))
            || PROVING.iter().any(|command| name.starts_with(command))
    }

    fn is_place(&self, name: &str) -> bool {
        self.places.contains(name) || self.members.contains(name) || name.starts_with("cargo ")
    }
}

fn table(workspace: &Workspace, path: &str) -> Table {
    workspace.text(path).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// `unsafe_code`, and `clippy::unwrap_used` with and without its group.
fn lints(root: &Table) -> Vec<String> {
    let lints = root.get("workspace").and_then(|workspace| workspace.get("lints"));
    let groups = lints.and_then(Value::as_table).into_iter().flatten();
    let names = groups.flat_map(|(group, lints)| {
        let names = lints.as_table().into_iter().flat_map(Table::keys);
        names.flat_map(move |name| [name.clone(), format!("{group}::{name}")])
    });
    names.collect()
}

fn banned_calls(clippy: &Table) -> Vec<String> {
    let lists = ["disallowed-methods", "disallowed-types", "disallowed-macros"];
    let entries = lists.iter().filter_map(|list| clippy.get(*list)?.as_array()).flatten();
    let paths = entries.filter_map(|entry| entry.as_str().or_else(|| entry.get("path")?.as_str()));
    paths.map(str::to_owned).collect()
}

fn banned_crates(deny: &Table) -> Vec<String> {
    let list = deny.get("bans").and_then(|bans| bans.get("deny")).and_then(Value::as_array);
    let entries = list.into_iter().flatten();
    let names = entries.filter_map(|entry| entry.as_str().or_else(|| entry.get("crate")?.as_str()));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
