//! Command lines, and running them.

use std::fmt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context as _;

/// What `cargo run` leaves in the environment of this program. A nested `cargo` must not see it: build
/// scripts would take it for a change and everything would be built twice.
const LEFT_BY_CARGO: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_PRIMARY_"];

/// A command as a person would type it at the root of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    env: Vec<(String, String)>,
    words: Vec<String>,
}

impl CommandLine {
    /// From words; none may be empty.
    pub(crate) fn new<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Self { env: Vec::new(), words: words.into_iter().map(Into::into).collect() }
    }

    /// From one line without quoting, such as `cargo fmt --all --check`.
    pub(crate) fn parse(line: &str) -> Self {
        Self::new(line.split_whitespace())
    }

    /// With a variable of the environment set.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With further words.
    pub(crate) fn args<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.words.extend(words.into_iter().map(Into::into));
        self
    }

    /// Ready to be run in a folder, with nothing to read on standard input.
    pub(crate) fn command(&self, root: &Path) -> Command {
        let (program, args) = self.words.split_first().expect("a command line has a first word");
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if LEFT_BY_CARGO.iter().any(|start| text.starts_with(start)) {
                command.env_remove(&name);
            }
        }
        command.args(args).envs(self.env.iter().cloned()).current_dir(root).stdin(Stdio::null());
        command
    }

    /// Runs it to its end; what it prints goes where ours goes.
    pub(crate) fn status(&self, root: &Path) -> anyhow::Result<ExitStatus> {
        self.command(root).status().with_context(|| format!("cannot start `{self}`"))
    }

    /// Runs it to its end; anything but success is an error that names it.
    pub(crate) fn run(&self, root: &Path) -> anyhow::Result<()> {
        let status = self.status(root)?;
        anyhow::ensure!(status.success(), "`{self}` failed ({status})");
        Ok(())
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        let words: Vec<_> = self.words.iter().map(|word| quoted(word)).collect();
        f.write_str(&words.join(" "))
    }
}

fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
