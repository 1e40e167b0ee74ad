//! Where answers go, and how they are written.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::LogFailure;

/// How answers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs: a JSON value a line.
    Json,
}

/// Where answers go.
pub struct Terminal<'a> {
    /// The answers themselves.
    pub out: &'a mut dyn Write,
    /// How they are written.
    pub output: Output,
    /// Whether somebody is watching who likes to see how far it is.
    pub shows_progress: bool,
}

impl Terminal<'_> {
    /// Writes a line for people.
    pub(super) fn line(&mut self, line: impl std::fmt::Display) -> Result<(), LogFailure> {
        writeln!(self.out, "{line}").map_err(LogFailure::Output)
    }

    /// Writes a value as one line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), LogFailure> {
        serde_json::to_writer(&mut self.out, value)
            .map_err(|error| LogFailure::Output(io::Error::from(error)))?;
        self.line("")
    }

    /// Lets what was written be seen now.
    pub(super) fn flush(&mut self) -> Result<(), LogFailure> {
        self.out.flush().map_err(LogFailure::Output)
    }
}

impl LogFailure {
    /// Says what went wrong, why, and where to read on, for people or for programs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tell(&self, to: &mut dyn Write, output: Output) -> io::Result<()> {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        causes.dedup();
        let (code, message) = (self.code(), self.to_string());
        if output == Output::Json {
            let told = serde_json::json!({ "error": code, "message": message, "causes": causes });
            return writeln!(to, "{told}");
        }
        writeln!(to, "error[{code}]: {message}")?;
        for cause in causes {
            writeln!(to, "  because: {cause}")?;
        }
        writeln!(to, "  read on: docs/errors/{code}.md")
    }
}

impl std::fmt::Debug for Terminal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("output", &self.output).finish_non_exhaustive()
    }
}
