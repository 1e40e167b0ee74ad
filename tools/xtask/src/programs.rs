//! Programs that crates bring along: benches and tortures.
//!
//! A crate registers them by name, `[package.metadata.ondol] benches = ["store"]`, so that a new one
//! needs no line here. A registration without a target, and two programs of one name, are mistakes.

use anyhow::bail;
use serde_json::Value;

use crate::say;
use crate::workspace::{Target, Workspace};

/// What a program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A `[[bench]]` with `harness = false`, using `ondol-bench`.
    Bench,
    /// A `[[bin]]` that takes `--minutes N`, `--seed S` and `--short`; its short form is a test of its
    /// package as well.
    Torture,
}

/// A program and the package it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) package: String,
    pub(crate) name: String,
}

impl Kind {
    fn key(self) -> &'static str {
        match self {
            Self::Bench => "benches",
            Self::Torture => "torture",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Bench => "bench",
            Self::Torture => "bin",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Bench => "bench",
            Self::Torture => "torture",
        }
    }
}

/// All programs of a kind, by name.
pub(crate) fn find(workspace: &Workspace, kind: Kind) -> anyhow::Result<Vec<Program>> {
    let mut found: Vec<Program> = Vec::new();
    for member in &workspace.members {
        let names = member.ondol[kind.key()].as_array().into_iter().flatten();
        for name in names.filter_map(Value::as_str) {
            let (package, name) = (member.name.clone(), name.to_owned());
            let target = Target { kind: kind.target().to_owned(), name: name.clone() };
            if !member.targets.contains(&target) {
                bail!(
                    "{package} registers the {} `{name}` but has no such [[{}]]",
                    kind.noun(),
                    kind.target()
                );
            }
            if let Some(other) = found.iter().find(|known| known.name == name) {
                bail!("{package} and {} both register the {} `{name}`", other.package, kind.noun());
            }
            found.push(Program { package, name });
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}

/// The one that was named, or all.
pub(crate) fn choose(
    all: Vec<Program>,
    kind: Kind,
    name: Option<&str>,
) -> anyhow::Result<Vec<Program>> {
    let Some(name) = name else { return Ok(all) };
    let known: Vec<_> = all.iter().map(|program| program.name.as_str()).collect();
    if !known.contains(&name) {
        return Err(say::unknown(kind.noun(), name, &known));
    }
    Ok(all.into_iter().filter(|program| program.name == name).collect())
}

/// Prints them.
pub(crate) fn list(programs: &[Program]) {
    let width = programs.iter().map(|program| program.name.len()).max().unwrap_or(0);
    for Program { package, name } in programs {
        say::line(&format!("{name:<width$}  of {package}"));
    }
}

#[cfg(test)]
mod tests;
