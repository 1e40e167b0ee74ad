//! Links between documents.

use crate::finding::{Finding, finding};
use crate::markdown::{Markdown, anchor};
use crate::workspace::{File, Workspace};

use super::dead_files::resolved;

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    workspace.markdown().flat_map(|file| of_file(workspace, file)).collect()
}

fn of_file(workspace: &Workspace, file: &File) -> Vec<Finding> {
    let links = Markdown::new(&file.text).links();
    let relative = links.into_iter().filter(|link| !is_elsewhere(&link.what));
    let dead = relative.filter_map(|link| {
        let why = why_dead(workspace, file, &link.what)?;
        Some(finding(&file.path, link.line, format!("`{}` leads nowhere: {why}", link.what)))
    });
    dead.collect()
}

fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

fn why_dead(workspace: &Workspace, from: &File, target: &str) -> Option<String> {
    let (path, heading) =
        target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
    let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = if path.starts_with('/') { "" } else { folder };
    let to = if path.is_empty() { from.path.clone() } else { resolved(folder, path) };
    if !workspace.has(&to) {
        return Some(format!("there is no {to}"));
    }
    let heading = heading.filter(|_| to.ends_with(".md"))?;
    let text = workspace.text(&to)?;
    let known = Markdown::new(text).headings().iter().any(|known| anchor(known.title) == heading);
    (!known).then(|| format!("{to} has no heading #{heading}"))
}

#[cfg(test)]
mod tests;
