//! Decisions and their index.

use crate::finding::{Finding, finding};
use crate::markdown::Markdown;
use crate::workspace::{File, Workspace};

use super::checks::Checks;

const FOLDER: &str = "docs/adr/";
const INDEX: &str = "docs/adr/README.md";
const SECTIONS: [&str; 6] =
    ["Context", "Decision", "Alternatives", "Consequences", "Enforced by", "Revisit when"];

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    let inside = |file: &&File| file.path.starts_with(FOLDER) && file.path != INDEX;
    let records: Vec<_> = workspace.markdown().filter(inside).collect();
    if records.is_empty() {
        return Vec::new();
    }
    let checks = Checks::of(workspace);
    let mut findings: Vec<_> = records.iter().flat_map(|file| of_record(file, &checks)).collect();
    findings.extend(numbers(&records));
    findings.extend(index(workspace, &records));
    findings
}

/// The number a record's name begins with.
fn number(file: &File) -> Option<usize> {
    let (number, title) = file.path[FOLDER.len()..].split_once('-')?;
    (number.len() == 4 && !title.contains('/')).then(|| number.parse().ok()).flatten()
}

fn numbers(records: &[&File]) -> Vec<Finding> {
    let wrong = records.iter().enumerate().filter(|(index, file)| number(file) != Some(index + 1));
    let message = |index| {
        format!("expected {:04}-title.md: numbers have no gaps and are used once", index + 1)
    };
    wrong.map(|(index, file)| finding(&file.path, 1, message(index))).collect()
}

fn index(workspace: &Workspace, records: &[&File]) -> Vec<Finding> {
    let links = workspace.text(INDEX).map(|text| Markdown::new(text).links()).unwrap_or_default();
    let linked = |file: &&&File| links.iter().any(|link| link.what == file.path[FOLDER.len()..]);
    let missing = records.iter().filter(|file| !linked(file));
    missing
        .map(|file| finding(INDEX, 1, format!("it does not link {}", &file.path[FOLDER.len()..])))
        .collect()
}

fn of_record(file: &File, checks: &Checks) -> Vec<Finding> {
    let document = Markdown::new(&file.text);
    let headings = document.headings();
    let found: Vec<_> =
        headings.iter().filter(|heading| heading.level == 2).map(|heading| heading.title).collect();
    let mut findings = Vec::new();
    if found != SECTIONS {
        let message = format!("its sections must be {}", SECTIONS.join(", "));
        findings.push(finding(&file.path, 1, message));
    }
    if headings.first().is_none_or(|heading| heading.level != 1) {
        findings.push(finding(&file.path, 1, "its title, the decision as a sentence, comes first"));
    }
    for (line, title, section) in SECTIONS.iter().filter_map(|title| {
        document.section(2, title).map(|(line, section)| (line, *title, section))
    }) {
        findings.extend(
            problems(title, &section, checks)
                .into_iter()
                .map(|problem| finding(&file.path, line, problem)),
        );
    }
    findings
}

fn problems(title: &str, section: &Markdown<'_>, checks: &Checks) -> Vec<String> {
    let text: Vec<_> = section.prose().map(|line| line.what).collect();
    match title {
        _ if !section.has_text() => vec![format!("`{title}` is empty")],
        "Alternatives" if !text.iter().any(|line| line.starts_with('|')) => {
            vec!["the alternatives belong in a table".to_owned()]
        }
        "Enforced by" => checks.problems(&text.join(" ")),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
