//! `cargo xtask bench`: runs bench programs and holds their figures against the bars.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ondol_bench::{Bars, Figure, Goal, Of, Outcome, Verdict};

use crate::cargo::CommandLine;
use crate::commands::Bench;
use crate::programs::{self, Kind, Program};
use crate::say;
use crate::workspace::Workspace;

/// Runs what was chosen.
pub(crate) fn run(options: &Bench) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let all = programs::find(&workspace, Kind::Bench)?;
    let bars = if options.check { Some(bars(&workspace.root, &all)?) } else { None };
    let chosen = programs::choose(all, Kind::Bench, options.name.as_deref())?;
    if options.list || chosen.is_empty() {
        programs::list(&chosen);
        anyhow::ensure!(options.list, "no crate registers a bench yet");
        return Ok(());
    }
    let mut sink = options.json.as_ref().map(|file| create(file)).transpose()?;
    let mut figures = Vec::new();
    for program in &chosen {
        let measured = measure(&workspace.root, program, options)?;
        if let Some(file) = &mut sink {
            measured
                .iter()
                .try_for_each(|figure| figure.write(&mut *file))
                .context("cannot write the figures")?;
        }
        figures.extend(measured);
    }
    match bars {
        Some(bars) => check(&bars, &figures, &chosen),
        None => Ok(()),
    }
}

fn create(file: &Path) -> anyhow::Result<fs::File> {
    fs::File::create(file)
        .with_context(|| format!("cannot write the figures to {}", file.display()))
}

/// The bars, each for a bench that exists.
fn bars(root: &Path, all: &[Program]) -> anyhow::Result<Bars> {
    let file = root.join("bars.toml");
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let bars = Bars::parse(&text).context("bars.toml")?;
    let known: Vec<_> = all.iter().map(|program| program.name.as_str()).collect();
    match bars.bars.iter().find(|bar| !known.contains(&bar.bench.as_str())) {
        Some(bar) => Err(say::unknown("bench", &bar.bench, &known).context("bars.toml")),
        None => Ok(bars),
    }
}

fn command(program: &Program, options: &Bench, json: &Path) -> CommandLine {
    let Program { package, name } = program;
    let line = CommandLine::new([
        "cargo",
        "bench",
        "--quiet",
        "--package",
        package,
        "--bench",
        name,
        "--",
    ]);
    let line = line.args(&options.case).args(options.quick.then_some("--quick"));
    line.args(["--json".to_owned(), json.to_string_lossy().into_owned()])
}

fn measure(root: &Path, program: &Program, options: &Bench) -> anyhow::Result<Vec<Figure>> {
    let json = Scratch::new(&program.name);
    command(program, options, &json.0).run(root).with_context(|| {
        format!("bench `{}` failed; alone: cargo xtask bench {}", program.name, program.name)
    })?;
    let text = fs::read_to_string(&json.0)
        .with_context(|| format!("bench `{}` wrote no figures", program.name))?;
    let figures =
        Figure::read_all(&text).with_context(|| format!("figures of bench `{}`", program.name))?;
    let stranger = figures.iter().find(|figure| figure.bench != program.name);
    if let Some(figure) = stranger {
        anyhow::bail!("bench `{}` calls itself `{}`: one name, please", program.name, figure.bench);
    }
    Ok(figures)
}

/// Prints every bar beside its figure.
fn check(bars: &Bars, figures: &[Figure], ran: &[Program]) -> anyhow::Result<()> {
    let ran: Vec<_> = ran.iter().map(|program| program.name.as_str()).collect();
    let verdicts = bars.check(figures, &ran);
    say::line("bars");
    verdicts.iter().for_each(|verdict| say::line(&format!("  {}", sentence(verdict))));
    let failed = verdicts.iter().filter(|verdict| verdict.outcome.is_failure()).count();
    let met = verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Met).count();
    anyhow::ensure!(failed == 0, "{failed} of {} bars not met", failed + met);
    say::line(&format!("  {met} of {met} bars met"));
    Ok(())
}

fn sentence(verdict: &Verdict<'_>) -> String {
    let bar = verdict.bar;
    let goal = match bar.goal {
        Goal::AtLeast(least) => format!("at least {least}"),
        Goal::AtMost(most) => format!("at most {most}"),
    };
    let of = match bar.of {
        Of::Value => "value",
        Of::Ratio => "ratio",
    };
    let measured =
        verdict.measured.map_or_else(|| "–".to_owned(), |measured| format!("{measured:.3}"));
    let outcome = match verdict.outcome {
        Outcome::Met => "met",
        Outcome::Short => "SHORT",
        Outcome::NotMeasured => "NOT MEASURED",
        Outcome::OnlyQuick => "ONLY MEASURED QUICKLY",
        Outcome::NotRun => "not run",
    };
    format!("{outcome:<12}  {}: {}  {of} {measured}, {goal}  ({})", bar.bench, bar.case, bar.why)
}

/// A file between the bench program and us, gone when it has been read.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("ondol-bench-{name}-{}.json", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been written.
        fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests;
