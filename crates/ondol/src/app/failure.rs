//! Why what was asked for on the command line was not done, each with a page in docs/errors.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use ondol_domain::Problems;
use ondol_runtime::{ServiceProblem, TaskEnd};
use ondol_saga::OrderSagaError;
use ondol_views::{LoadError, QueryError, WaitError};

use crate::adapters::OpenError;
use crate::views::ViewOrderError;
use crate::{ConfigError, LogAddress, OpenFailure, Output, OwnFailure, RaiseError};

/// Why what was asked for was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The settings are wrong.
    #[error("the settings cannot be used: {0}")]
    Config(#[from] ConfigError),
    /// A service does not hold together.
    #[error("{0}")]
    Service(#[from] Problems<ServiceProblem>),
    /// No service or view has this name.
    #[error("there is no {what} {name:?}{}", .suggestion.as_ref().map(|name| format!(", did you mean {name:?}?")).unwrap_or_default())]
    Unknown { what: &'static str, name: String, suggestion: Option<String> },
    /// A log or views could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A service was not started.
    #[error(transparent)]
    Raise(#[from] RaiseError),
    /// An address could not be listened at.
    #[error("{what} cannot be listened at {address}")]
    Listen {
        what: &'static str,
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    /// Something that is needed has ended.
    #[error("{} has ended: {:?}", .0.task, .0.ending)]
    Task(TaskEnd),
    /// The process could not be set up.
    #[error("the process cannot be set up: {what}")]
    Process {
        what: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// An answer could not be written.
    #[error("the answer cannot be written")]
    Output(#[from] io::Error),
    /// Views could not be listed.
    #[error("the views cannot be listed")]
    List(#[from] LoadError),
    /// Documents could not be found.
    #[error(transparent)]
    Find(#[from] QueryError),
    /// A view is not what a replay makes of the log.
    #[error("{differing} documents of {view} are not what a replay makes of the log")]
    Differs { view: String, differing: u64 },
    /// What was ordered of a view was not done.
    #[error(transparent)]
    View(#[from] ViewOrderError),
    /// A saga was not found, or what was ordered was not done.
    #[error(transparent)]
    Saga(#[from] OrderSagaError),
    /// Sagas that are under way could not go on by the definitions that there are now.
    #[error("{misfits} sagas that have not ended could not go on")]
    Misfits { misfits: u64 },
    /// A log could not be looked at.
    #[error("the log {address} cannot be opened")]
    Log {
        address: LogAddress,
        #[source]
        source: OpenFailure,
    },
    /// A view did not catch up.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// The process that runs could not be asked.
    #[error("no service answers at the admin port")]
    Admin(#[source] io::Error),
    /// The process that runs has said no.
    #[error("{detail} ({code})")]
    Refused { code: String, detail: String },
    /// What a command of a service itself was for was not done.
    #[error(transparent)]
    Own(OwnFailure),
}

impl Failure {
    /// The page in docs/errors.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Service(_) => "service-description",
            Self::Unknown { .. } => "app-unknown-name",
            Self::Open(error) => error.code,
            Self::Raise(error) => error.code(),
            Self::Listen { .. } => "app-listen",
            Self::Task(_) => "app-task-ended",
            Self::Process { .. } => "app-process",
            Self::Output(_) => "app-output",
            Self::List(error) => error.code(),
            Self::Find(error) => error.code(),
            Self::Differs { .. } => "view-differs",
            Self::View(error) => error.code(),
            Self::Saga(error) => error.code(),
            Self::Misfits { .. } => "saga-misfit",
            Self::Log { source, .. } => source.code,
            Self::Wait(error) => error.code(),
            Self::Own(failure) => failure.code,
            Self::Admin(_) => "app-admin",
            Self::Refused { .. } => "app-refused",
        }
    }

    /// Whether whoever reads the answer has seen enough and closed the pipe.
    pub(super) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Says what went wrong, why, and where to read on, for people or for programs.
    pub(super) fn tell(&self, to: &mut dyn io::Write, output: Output) -> io::Result<()> {
        let code = self.code();
        let mut causes: Vec<_> = std::iter::successors(self.source(), |error| (*error).source())
            .map(ToString::to_string)
            .collect();
        causes.dedup();
        if output == Output::Json {
            let message = self.to_string();
            let told = serde_json::json!({ "error": code, "message": message, "causes": causes });
            return writeln!(to, "{told}");
        }
        match self {
            Self::Config(error) => {
                writeln!(to, "error[{code}]: the settings cannot be used")?;
                for problem in &error.problems {
                    writeln!(to, "  {problem}")?;
                }
                causes.clear();
            }
            other => writeln!(to, "error[{code}]: {other}")?,
        }
        for cause in causes {
            writeln!(to, "  because: {cause}")?;
        }
        writeln!(to, "  read on: docs/errors/{code}.md")
    }
}
