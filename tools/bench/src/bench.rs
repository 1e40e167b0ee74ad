//! A bench program: its settings, its cases, and the command line that chose among them.

use std::error::Error;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::options::Options;
use crate::rounds;
use crate::{machine, report};

/// What must be said before anything is measured; "none" is an answer.
pub(crate) const SETTINGS_REQUIRED: [&str; 3] = ["sync", "payload", "concurrency"];

/// A failure inside a measured closure.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// A bench program. `'a` is what its measured closures may borrow.
pub struct Bench<'a> {
    pub(crate) name: String,
    pub(crate) options: Options,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) cases: Vec<Registered<'a>>,
    folder: PathBuf,
    json: Option<File>,
}

/// A case as it waits for its turn.
pub(crate) struct Registered<'a> {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) against: Option<String>,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) body: Box<dyn FnMut() -> Result<Measured, Fault> + 'a>,
}

/// Why a bench program could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The file for the figures cannot be written.
    #[error("cannot write the figures to {file}")]
    Json {
        /// As given on the command line.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Why a bench program could not be measured to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The program describes itself wrongly; all problems at once.
    #[error("bench `{bench}` cannot run: {}", problems.join("; "))]
    Invalid {
        /// The bench program.
        bench: String,
        /// One sentence each.
        problems: Vec<String>,
    },
    /// A case failed, or brought home something that is not a figure.
    #[error("case `{case}` failed in round {round}")]
    Case {
        /// Its name.
        case: String,
        /// Counted from one.
        round: u16,
        /// Why.
        #[source]
        source: Fault,
    },
    /// The figures could not be written.
    #[error("cannot write the figures")]
    Write(#[source] io::Error),
}

/// What one run of a case brings home.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub(crate) value: f64,
    pub(crate) also: Vec<(String, String, f64)>,
}

impl Measured {
    /// The case's own figure.
    pub fn new(value: f64) -> Self {
        Self { value, also: Vec::new() }
    }

    /// A further figure of the same run, named after the case: `append` and `p99` give `append p99`.
    #[must_use]
    pub fn also(mut self, name: &str, unit: &str, value: f64) -> Self {
        self.also.push((name.to_owned(), unit.to_owned(), value));
        self
    }
}

/// What a measured closure may answer: a number, [`Measured`], or a `Result` of either.
pub trait Measurement {
    /// The figures, or why there are none.
    ///
    /// # Errors
    /// When the closure answered an error.
    fn measured(self) -> Result<Measured, Box<dyn Error + Send + Sync>>;
}

impl Measurement for f64 {
    fn measured(self) -> Result<Measured, Fault> {
        Ok(Measured::new(self))
    }
}

impl Measurement for Measured {
    fn measured(self) -> Result<Measured, Fault> {
        Ok(self)
    }
}

impl<T: Measurement, E: Into<Fault>> Measurement for Result<T, E> {
    fn measured(self) -> Result<Measured, Fault> {
        self.map_err(Into::into)?.measured()
    }
}

impl<'a> Bench<'a> {
    /// Reads the command line; `--help` and mistakes end the program, as usual for a command.
    ///
    /// # Errors
    /// When the `--json` file cannot be written: better known before an hour of measuring.
    pub fn from_args(name: &str) -> Result<Self, StartError> {
        Self::new(name, Options::parse())
    }

    /// A bench with these options.
    ///
    /// # Errors
    /// When the `--json` file cannot be written.
    pub fn new(name: &str, options: Options) -> Result<Self, StartError> {
        let create = |file: &PathBuf| {
            File::create(file).map_err(|source| StartError::Json { file: file.clone(), source })
        };
        let json = options.json.as_ref().map(create).transpose()?;
        Ok(Self {
            name: name.to_owned(),
            options,
            settings: Vec::new(),
            cases: Vec::new(),
            folder: std::env::temp_dir(),
            json,
        })
    }

    /// Says how it is measured. `sync`, `payload` and `concurrency` must be said for every case, here
    /// or on the case.
    pub fn setting(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// The folder the data is written to; the report names its filesystem.
    pub fn folder(&mut self, folder: impl AsRef<Path>) -> &mut Self {
        folder.as_ref().clone_into(&mut self.folder);
        self
    }

    /// Whether this is only to see that the program works.
    pub fn is_quick(&self) -> bool {
        self.options.quick
    }

    /// A size: the first ordinarily, the second with `--quick`.
    pub fn size<T>(&self, full: T, quick: T) -> T {
        if self.options.quick { quick } else { full }
    }

    /// A case; it exists once [`Case::measure`] is called.
    pub fn case(&mut self, name: &str) -> Case<'_, 'a> {
        Case {
            bench: self,
            name: name.to_owned(),
            unit: String::new(),
            against: None,
            settings: Vec::new(),
        }
    }

    /// Measures the chosen cases, prints the report, and writes the figures.
    ///
    /// # Errors
    /// When the program describes itself wrongly, a case fails, or the figures cannot be written.
    pub fn run(mut self) -> Result<(), RunError> {
        rounds::check(&self)?;
        let header = report::header(&self, &machine::Machine::here(&self.folder));
        report::print(&header).map_err(RunError::Write)?;
        let results = rounds::measure(&mut self)?;
        report::print(&report::table(&self, &results)).map_err(RunError::Write)?;
        if let Some(json) = &self.json {
            let figures = results.iter().filter_map(|result| result.figure(&self));
            figures
                .into_iter()
                .try_for_each(|figure| figure.write(json))
                .map_err(RunError::Write)?;
        }
        Ok(())
    }
}

/// A case being described.
#[must_use = "a case exists once `measure` is called"]
pub struct Case<'b, 'a> {
    bench: &'b mut Bench<'a>,
    name: String,
    unit: String,
    against: Option<String>,
    settings: Vec<(String, String)>,
}

impl<'a> Case<'_, 'a> {
    /// What the value counts, such as `events/s` or `ms`.
    pub fn unit(mut self, unit: &str) -> Self {
        unit.clone_into(&mut self.unit);
        self
    }

    /// The limit or the peer it is compared with, run in turns with it.
    pub fn against(mut self, case: &str) -> Self {
        self.against = Some(case.to_owned());
        self
    }

    /// How this case is measured, where it differs from [`Bench::setting`].
    pub fn setting(mut self, name: &str, value: impl Display) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// What is run. It runs when [`Bench::run`] is called, once a round.
    pub fn measure<M: Measurement>(self, mut body: impl FnMut() -> M + 'a) {
        self.bench.cases.push(Registered {
            name: self.name,
            unit: self.unit,
            against: self.against,
            settings: self.settings,
            body: Box::new(move || body().measured()),
        });
    }
}

#[cfg(test)]
mod tests;
