//! A service and what it answers over HTTP.

use std::fmt;
use std::path::PathBuf;

use ondol_runtime::{NotPart, Running, Service};
use ondol_store::BoxError;
use utoipa_axum::router::OpenApiRouter;

/// Makes the routes of a service that runs. Every route describes itself, so that the API's
/// description cannot say anything else than the code does.
pub type Routes = fn(&Running) -> Result<OpenApiRouter, NotPart>;

/// A service and what it answers over HTTP.
pub struct Hosted {
    pub(crate) service: Service,
    pub(crate) routes: Option<Routes>,
    pub(crate) front: Option<Box<Front>>,
    pub(crate) commands: Vec<OwnCommand>,
}

/// A command that a service brings along to the command line: `audit verify`. It looks at the
/// service's files and is not told of anything that runs.
#[derive(Debug, Clone, Copy)]
pub struct OwnCommand {
    /// What it is about: `audit`.
    pub noun: &'static str,
    /// What it does: `verify`.
    pub verb: &'static str,
    /// That in a sentence.
    pub about: &'static str,
    /// Does it, and says what was found.
    pub run: fn(&Settings) -> Result<serde_json::Map<String, serde_json::Value>, OwnFailure>,
}

/// Why what a service's own command is for was not done.
#[derive(Debug)]
pub struct OwnFailure {
    /// The page in docs/errors.
    pub code: &'static str,
    /// What is wrong.
    pub error: BoxError,
}

impl fmt::Display for OwnFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for OwnFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// Makes what a service answers besides its commands and queries: pages for people, protocols
/// with rules of their own. What describes itself is in the API's description.
pub type Front = dyn Fn(&Running, &Settings) -> Result<OpenApiRouter, BoxError> + Send + Sync;

/// What a service is told of its surroundings.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// A folder of its own.
    pub folder: PathBuf,
    /// What the configuration says under `services.` and its name.
    pub table: toml::Table,
}

impl Hosted {
    /// The same, answering what is not a command of a client: no route of these takes an
    /// `Idempotency-Key`, so each has to be safe to repeat by its own rules.
    #[must_use]
    pub fn front(
        mut self,
        make: impl Fn(&Running, &Settings) -> Result<OpenApiRouter, BoxError> + Send + Sync + 'static,
    ) -> Self {
        self.front = Some(Box::new(make));
        self
    }

    /// The same, with one more command on the command line.
    #[must_use]
    pub fn command(mut self, command: OwnCommand) -> Self {
        self.commands.push(command);
        self
    }
}

/// Gives a service routes.
pub trait Http {
    /// The same, answering over HTTP. Every route that changes something takes an
    /// `Idempotency-Key`, and is answered once and for all.
    fn http(self, routes: Routes) -> Hosted;
}

impl Http for Service {
    fn http(self, routes: Routes) -> Hosted {
        Hosted { service: self, routes: Some(routes), front: None, commands: Vec::new() }
    }
}

impl Hosted {
    /// The service.
    pub const fn service(&self) -> &Service {
        &self.service
    }
}

impl From<Service> for Hosted {
    fn from(service: Service) -> Self {
        Self { service, routes: None, front: None, commands: Vec::new() }
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").field("service", &self.service).finish_non_exhaustive()
    }
}
