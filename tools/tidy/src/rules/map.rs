//! The map and the invariants.

use crate::finding::{Finding, finding};
use crate::markdown::Markdown;
use crate::workspace::Workspace;

use super::checks::Checks;

const PATH: &str = "ARCHITECTURE.md";
const MAP: &str = "Code map";
const INVARIANTS: &str = "Invariants";
const KEPT_BY: &str = "kept by";

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    // That the document is missing is another rule's finding.
    let Some(text) = workspace.text(PATH) else { return Vec::new() };
    let document = Markdown::new(text);
    let missing = |title: &str| vec![finding(PATH, 1, format!("there is no section `## {title}`"))];
    let map = document
        .section(2, MAP)
        .map_or_else(|| missing(MAP), |(line, map)| rooms(workspace, line, &map));
    let invariants = document.section(2, INVARIANTS);
    let invariants = invariants
        .map_or_else(|| missing(INVARIANTS), |(line, list)| promises(workspace, line, &list));
    map.into_iter().chain(invariants).collect()
}

fn rooms(workspace: &Workspace, line: usize, map: &Markdown<'_>) -> Vec<Finding> {
    let headings: Vec<_> =
        map.headings().into_iter().filter(|heading| heading.level == 3).collect();
    let on_the_map = |name: &str| headings.iter().any(|heading| heading.title == name);
    let missing = workspace.members.iter().filter(|member| !on_the_map(&member.name));
    let missing =
        missing.map(|member| finding(PATH, line, format!("`{}` is not on the map", member.name)));
    let strange = headings.iter().filter_map(|heading| {
        let at = |message| Some(finding(PATH, heading.line, message));
        if workspace.member(heading.title).is_none() {
            return at(format!("`{}` is on the map and does not exist", heading.title));
        }
        let silent = !map.section(3, heading.title).is_some_and(|(_, text)| text.has_text());
        if silent { at(format!("nothing is said of `{}`", heading.title)) } else { None }
    });
    missing.chain(strange).collect()
}

fn promises(workspace: &Workspace, line: usize, list: &Markdown<'_>) -> Vec<Finding> {
    let items = list.items();
    if items.is_empty() {
        return vec![finding(PATH, line, "no invariant is stated")];
    }
    let checks = Checks::of(workspace);
    let problems = items.iter().flat_map(|item| {
        let found = match item.what.split_once(KEPT_BY) {
            // What comes after the reason may name what it likes.
            Some((_, proof)) => checks.problems(proof.split("because").next().unwrap_or(proof)),
            None => vec![format!("it does not say what it is {KEPT_BY}")],
        };
        found.into_iter().map(|problem| finding(PATH, item.line, problem))
    });
    problems.collect()
}

#[cfg(test)]
mod tests;
