//! `cargo xtask up`: builds the product for release and becomes it.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use anyhow::Context as _;

use crate::cargo::CommandLine;
use crate::commands::Up;
use crate::{say, workspace};

/// What is started. The one place that names it.
const PRODUCT: Product = Product {
    package: "superapp",
    target: ["--bin", "superapp"],
    args: &["up", "--config", "systems/superapp/ondol.toml"],
    look: "the shop at http://127.0.0.1:8080 (sign in as kim@example.kr with `warm floor 2026`), the \
           outside world at http://127.0.0.1:9090/control, how it stands at http://127.0.0.1:8081/readyz",
};

/// A program of the workspace, and where to look once it runs.
struct Product {
    package: &'static str,
    /// `--bin NAME` or `--example NAME`.
    target: [&'static str; 2],
    args: &'static [&'static str],
    look: &'static str,
}

/// Builds, says where to look, and runs. This process becomes the product: signals reach it directly,
/// and its exit code is ours.
pub(crate) fn run(options: &Up) -> anyhow::Result<()> {
    let root = workspace::root()?;
    say::note("building for release");
    build().run(&root)?;
    say::note(&format!("look at: {}", PRODUCT.look));
    let product = start(&options.args);
    let failed = product.command(&root).stdin(Stdio::inherit()).exec();
    Err(failed).with_context(|| format!("cannot start `{product}`"))
}

fn build() -> CommandLine {
    CommandLine::new(["cargo", "build", "--release", "--package", PRODUCT.package])
        .args(PRODUCT.target)
}

fn start(args: &[String]) -> CommandLine {
    let line =
        CommandLine::new(["cargo", "run", "--quiet", "--release", "--package", PRODUCT.package]);
    line.args(PRODUCT.target).args(["--"]).args(PRODUCT.args.iter().copied()).args(args)
}

#[cfg(test)]
mod tests;
