//! `cargo xtask test`: everything that must hold before a change is merged, step by step.

use std::num::NonZero;

use crate::cargo::CommandLine;
use crate::commands::Test;
use crate::needs::{self, Programs};
use crate::steps::{self, Step, Work};
use crate::workspace::Workspace;
use crate::{docs, say};

/// Runs the steps, or those that were named.
pub(crate) fn run(options: &Test) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let all = all(&Programs::of_system());
    let steps = choose(all, &options.only)?;
    if options.list {
        list(&steps);
        return Ok(());
    }
    steps::run(&workspace.root, &steps)
}

fn list(steps: &[Step]) {
    let width = steps.iter().map(|step| step.name.len()).max().unwrap_or(0);
    for step in steps {
        let note = if let Work::Skip(reason) = step.work {
            format!("  (skipped: {reason})")
        } else {
            String::new()
        };
        say::line(&format!("{:<width$}  {}{note}", step.name, step.alone()));
    }
}

/// All steps, cheap ones first.
fn all(programs: &Programs) -> Vec<Step> {
    let run = |name, line: &str| Step { name, work: Work::Run(CommandLine::parse(line)) };
    vec![
        Step { name: "needs", work: Work::Call(needs::provide) },
        run("fmt", "cargo fmt --all --check"),
        run("clippy", "cargo clippy --workspace --all-targets -- -D warnings"),
        Step { name: "tidy", work: Work::Run(docs::tidy()) },
        Step { name: "nextest", work: Work::Run(nextest()) },
        run("doctests", "cargo test --workspace --doc"),
        Step { name: "docs", work: Work::Run(docs::api()) },
        deny(programs),
    ]
}

/// Most tests wait for servers and disks most of the time, so twice as many run at once as there are
/// processors.
fn nextest() -> CommandLine {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.saturating_mul(2);
    CommandLine::parse("cargo nextest run --workspace --test-threads").args([threads.to_string()])
}

fn deny(programs: &Programs) -> Step {
    let line = CommandLine::parse("cargo deny --offline check licenses bans sources");
    let work = if programs.has("cargo-deny") {
        Work::Run(line)
    } else {
        Work::Skip("cargo-deny is not installed")
    };
    Step { name: "deny", work }
}

fn choose(all: Vec<Step>, only: &[String]) -> anyhow::Result<Vec<Step>> {
    let known: Vec<_> = all.iter().map(|step| step.name).collect();
    if let Some(stranger) = only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(say::unknown("step", stranger, &known));
    }
    let wanted = |step: &Step| only.is_empty() || only.iter().any(|name| name == step.name);
    Ok(all.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests;
