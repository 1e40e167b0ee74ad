//! Files that nothing is made of.

use std::collections::HashSet;

use crate::finding::{Finding, finding};
use crate::workspace::{File, Workspace};

/// Read by tests as text, not compiled with them.
const FIXTURES: &str = "/fixtures/";

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    let reached = reached(workspace);
    let ours = |file: &&File| workspace.members.iter().any(|member| member.holds(file));
    let files = workspace.rust().filter(ours).filter(|file| !file.path.contains(FIXTURES));
    let dead = files.filter(|file| !reached.contains(&file.path));
    dead.map(|file| finding(&file.path, 1, "no target reaches it: declare it, or delete it"))
        .collect()
}

/// The files of all targets and of all modules below them.
fn reached(workspace: &Workspace) -> HashSet<String> {
    let targets = workspace.members.iter().flat_map(|member| &member.targets);
    let mut roots: HashSet<_> = targets.map(|target| target.path.clone()).collect();
    let mut open: Vec<_> = roots.iter().cloned().collect();
    let mut reached = HashSet::new();
    while let Some(path) = open.pop() {
        let Some(file) = workspace.files.iter().find(|file| file.path == path) else { continue };
        if reached.insert(path) {
            let children = children(file, roots.contains(&file.path));
            // A file with a given path stands like a root: its modules lie beside it.
            roots.extend(children.iter().filter(|child| child.1).map(|child| child.0.clone()));
            open.extend(children.into_iter().map(|(path, _)| path));
        }
    }
    reached
}

/// Where the modules of a file may be, and whether by `#[path]`.
fn children(file: &File, is_root: bool) -> Vec<(String, bool)> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let below = if is_root { folder.to_owned() } else { format!("{folder}/{}", file.stem()) };
    let modules = file.source().modules().into_iter().map(|module| match module.path {
        Some(path) => (resolved(folder, &path), true),
        None => (format!("{below}/{}.rs", module.name), false),
    });
    modules.collect()
}

/// A path from a folder, with its `..` taken.
pub(super) fn resolved(folder: &str, path: &str) -> String {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
