//! `cargo xtask docs`: builds what people read, and checks that it is true.

use std::path::Path;

use crate::cargo::CommandLine;
use crate::needs::Programs;
use crate::{say, workspace};

/// Where the guide lives, once it exists.
const GUIDE: &str = "docs/guide";

/// Builds the API documentation and the guide, then checks the documents.
pub(crate) fn run() -> anyhow::Result<()> {
    let root = workspace::root()?;
    api().run(&root)?;
    guide(&root)?;
    tidy().run(&root)?;
    say::line(&format!("API: {}", root.join("target/doc").display()));
    Ok(())
}

/// Every public word, with no warning.
pub(crate) fn api() -> CommandLine {
    CommandLine::parse("cargo doc --quiet --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings")
}

/// The rules of the house; they check links, maps, indexes and commands in documents.
pub(crate) fn tidy() -> CommandLine {
    CommandLine::parse("cargo run --quiet --package tidy")
}

fn guide(root: &Path) -> anyhow::Result<()> {
    if !root.join(GUIDE).join("book.toml").is_file() {
        return Ok(());
    }
    if !Programs::of_system().has("mdbook") {
        say::note("the guide is not built: mdbook is missing (cargo install mdbook)");
        return Ok(());
    }
    let target = root.join("target/guide");
    let line = CommandLine::new(["mdbook", "build", GUIDE, "--dest-dir"]);
    line.args([target.to_string_lossy().into_owned()]).run(root)?;
    say::line(&format!("guide: {}", target.display()));
    Ok(())
}
