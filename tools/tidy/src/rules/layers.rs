//! Layers point inwards.

use crate::finding::{Finding, finding};
use crate::workspace::{Dependency, DependencyKind, Member, Workspace};

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Layer {
    /// As in `[package.metadata.ondol] layer`.
    pub name: &'static str,
    /// The layers whose crates it may depend on, for what it is and for its build.
    pub may_use: &'static [&'static str],
}

/// Who may depend on whom. Tests may use more: see `purity` for those that may not.
pub const LAYERS: &[Layer] = &[
    Layer { name: "kernel", may_use: &[] },
    Layer { name: "model", may_use: &["kernel"] },
    Layer { name: "domain", may_use: &["kernel", "model"] },
    Layer { name: "port", may_use: &["kernel", "model", "port"] },
    Layer { name: "engine", may_use: &["kernel", "model", "port", "engine"] },
    Layer { name: "adapter", may_use: &["kernel", "model", "port", "engine"] },
    Layer {
        name: "edge",
        may_use: &["kernel", "model", "domain", "port", "engine", "adapter", "edge"],
    },
    Layer {
        name: "tool",
        may_use: &["kernel", "model", "domain", "port", "engine", "adapter", "edge", "tool"],
    },
];

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    workspace.members.iter().flat_map(|member| of_member(workspace, member)).collect()
}

fn of_member(workspace: &Workspace, member: &Member) -> Vec<Finding> {
    let at = |message| finding(&member.manifest(), 1, message);
    let Some(name) = &member.layer else {
        return vec![at(format!(
            "{} does not declare its layer in [package.metadata.ondol]",
            member.name
        ))];
    };
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        let known: Vec<_> = LAYERS.iter().map(|layer| layer.name).collect();
        return vec![at(format!("`{name}` is no layer; there are {}", known.join(", ")))];
    };
    let forbidden =
        member.dependencies.iter().filter_map(|dependency| forbidden(workspace, layer, dependency));
    forbidden
        .map(|other| at(format!("{} ({name}) may not depend on {other}", member.name)))
        .collect()
}

fn forbidden(workspace: &Workspace, layer: &Layer, dependency: &Dependency) -> Option<String> {
    let other =
        workspace.member(&dependency.name).filter(|_| dependency.kind != DependencyKind::Dev)?;
    let theirs = other.layer.as_deref()?;
    (!layer.may_use.contains(&theirs)).then(|| format!("{} ({theirs})", other.name))
}

#[cfg(test)]
mod tests;
