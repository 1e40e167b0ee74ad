//! Steps: named things that are done one after the other, timed, and told apart when one fails.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::cargo::CommandLine;
use crate::say;

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Work {
    /// A command; repeating the step means typing it.
    Run(CommandLine),
    /// Something done here; repeated with `cargo xtask test --only`.
    Call(fn(&Path) -> anyhow::Result<()>),
    /// Nothing, for a reason.
    Skip(&'static str),
}

/// How a step went.
#[derive(Debug)]
pub(crate) struct Done {
    name: &'static str,
    took: Duration,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    Skipped(&'static str),
    Failed,
}

impl Step {
    /// What a person types to do this step alone.
    pub(crate) fn alone(&self) -> String {
        match &self.work {
            Work::Run(line) => line.to_string(),
            Work::Call(_) | Work::Skip(_) => format!("cargo xtask test --only {}", self.name),
        }
    }

    fn run(&self, root: &Path) -> anyhow::Result<()> {
        match &self.work {
            Work::Run(line) => {
                let status = line.status(root)?;
                anyhow::ensure!(status.success(), "{status}");
                Ok(())
            }
            Work::Call(call) => call(root),
            Work::Skip(_) => Ok(()),
        }
    }
}

/// Does the steps up to the first that fails, then sums up. The error names the step and how to repeat it.
#[expect(clippy::disallowed_methods, reason = "the real time a step takes is what is told")]
pub(crate) fn run(root: &Path, steps: &[Step]) -> anyhow::Result<()> {
    let mut done = Vec::new();
    let mut failed = None;
    for step in steps {
        say::note(&format!("── {}: {}", step.name, step.alone()));
        let started = Instant::now();
        let result = step.run(root);
        let took = started.elapsed();
        let outcome = match (&result, &step.work) {
            (Err(_), _) => Outcome::Failed,
            (Ok(()), Work::Skip(reason)) => Outcome::Skipped(reason),
            (Ok(()), _) => Outcome::Passed,
        };
        done.push(Done { name: step.name, took, outcome });
        if let Err(error) = result {
            let alone = step.alone();
            failed =
                Some(anyhow::anyhow!("step `{}` failed: {error:#}\n  alone: {alone}", step.name));
            break;
        }
    }
    say::line(&summary(&done));
    failed.map_or(Ok(()), Err)
}

/// A table of what was done and how long it took.
fn summary(done: &[Done]) -> String {
    let width = done.iter().map(|done| done.name.len()).max().unwrap_or(0).max("total".len());
    let row = |name: &str, took: Duration, word: &str| {
        format!("  {name:<width$}  {:>8}  {word}", say::duration(took)).trim_end().to_owned()
    };
    let mut rows: Vec<_> = done
        .iter()
        .map(|Done { name, took, outcome }| match outcome {
            Outcome::Passed => row(name, *took, "passed"),
            Outcome::Skipped(reason) => row(name, *took, &format!("skipped: {reason}")),
            Outcome::Failed => row(name, *took, "FAILED"),
        })
        .collect();
    rows.push(row("total", done.iter().map(|done| done.took).sum(), ""));
    rows.join("\n")
}

#[cfg(test)]
mod tests;
