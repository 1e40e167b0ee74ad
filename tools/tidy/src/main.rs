//! Prints every finding with its file and line; `--list` prints the rules.

use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let rules = tidy::rules::ALL;
    if std::env::args().any(|argument| argument == "--list") {
        for rule in rules {
            writeln!(out, "{:<14} {}", rule.name, rule.sentence)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = tidy::load()?;
    let findings: Vec<_> = rules.iter().flat_map(|rule| rule.check(&workspace)).collect();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    if findings.is_empty() {
        writeln!(out, "{} rules hold over {} files", rules.len(), workspace.files.len())?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{} findings", findings.len())?;
    Ok(ExitCode::FAILURE)
}
