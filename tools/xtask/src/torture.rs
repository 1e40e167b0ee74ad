//! `cargo xtask torture`: programs that hurt the house and check that it held.
//!
//! A torture program takes `--minutes N` or `--short`, and `--seed S`; it exits with anything but zero
//! when a promise was broken. The same seed gives the same run, so the seed is always printed.

use std::hash::{BuildHasher as _, RandomState};

use crate::cargo::CommandLine;
use crate::commands::Torture;
use crate::programs::{self, Kind, Program};
use crate::say;
use crate::workspace::Workspace;

/// Runs what was chosen, all of it, even when one fails.
pub(crate) fn run(options: &Torture) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let chosen = choose(&workspace, options)?;
    if options.list || chosen.is_empty() {
        programs::list(&chosen);
        anyhow::ensure!(options.list, "no crate registers a torture yet");
        return Ok(());
    }
    build(&chosen).run(&workspace.root)?;
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let mut broken = Vec::new();
    for program in &chosen {
        say::note(&format!("torture {} with seed {seed}", program.name));
        if !command(&workspace, program, options, seed).status(&workspace.root)?.success() {
            say::error(&format!(
                "{} broke; again: {}",
                program.name,
                again(program, options, seed)
            ));
            broken.push(program.name.as_str());
        }
    }
    anyhow::ensure!(
        broken.is_empty(),
        "{} of {} broke: {}",
        broken.len(),
        chosen.len(),
        broken.join(", ")
    );
    say::line(&format!("{} of {} held", chosen.len(), chosen.len()));
    Ok(())
}

/// A number nobody chose.
fn fresh_seed() -> u64 {
    RandomState::new().hash_one("seed")
}

/// The one that was named, or all.
fn choose(workspace: &Workspace, options: &Torture) -> anyhow::Result<Vec<Program>> {
    let all = programs::find(workspace, Kind::Torture)?;
    programs::choose(all, Kind::Torture, options.name.as_deref())
}

/// All of them at once: one by one, what they share would be built again with other features.
fn build(chosen: &[Program]) -> CommandLine {
    let each = |Program { package, name }: &Program| {
        ["--package", package, "--bin", name].map(str::to_owned)
    };
    CommandLine::parse("cargo build --quiet --profile torture").args(chosen.iter().flat_map(each))
}

fn command(workspace: &Workspace, program: &Program, options: &Torture, seed: u64) -> CommandLine {
    let built = workspace.target.join("torture").join(&program.name);
    let line = CommandLine::new([built.to_string_lossy()]);
    line.args(length(options)).args(["--seed".to_owned(), seed.to_string()])
}

fn again(program: &Program, options: &Torture, seed: u64) -> CommandLine {
    let line = CommandLine::new(["cargo", "xtask", "torture", &program.name]);
    line.args(length(options)).args(["--seed".to_owned(), seed.to_string()])
}

fn length(options: &Torture) -> Vec<String> {
    if options.short {
        vec!["--short".to_owned()]
    } else {
        vec!["--minutes".to_owned(), options.minutes.to_string()]
    }
}

#[cfg(test)]
mod tests;
