//! An app: services that become one program.

mod admin;
mod command;
mod config;
mod failure;
mod flow;
mod log;
mod map;
mod nouns;
mod own;
mod parked;
mod saga;
mod serve;
mod service;
mod shell;
mod tables;
mod timer;
mod view;

use std::fmt;
use std::process::ExitCode;

use axum::Router;
use ondol_domain::Problems;
use ondol_runtime::ServiceProblem;
use ondol_store::BoxError;
use serde_json::Value;

use crate::{Around, Beside, Hosted, asyncapi};

/// Services that become one program.
pub struct App {
    name: &'static str,
    version: &'static str,
    services: Vec<Hosted>,
    beside: Option<Box<Beside>>,
    shipped: &'static str,
}

impl App {
    /// A program without services yet. The name is what it is called on the command line.
    pub const fn named(name: &'static str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self { name, version, services: Vec::new(), beside: None, shipped: "" }
    }

    /// The same, saying which version it is.
    #[must_use]
    pub const fn of_version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// The same, with one more service.
    #[must_use]
    pub fn service(mut self, service: impl Into<Hosted>) -> Self {
        self.services.push(service.into());
        self
    }

    /// The same, with something beside the services when all of them run in one process. It makes
    /// the router that answers requests; the services' own is in its hands.
    #[must_use]
    pub fn beside(
        mut self,
        make: impl Fn(Around<'_>) -> Result<Router, BoxError> + Send + Sync + 'static,
    ) -> Self {
        self.beside = Some(Box::new(make));
        self
    }

    /// The same, with the settings that it runs with as a whole where no file says anything.
    #[must_use]
    pub const fn shipped_with(mut self, settings: &'static str) -> Self {
        self.shipped = settings;
        self
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Which version it is.
    pub const fn version(&self) -> &'static str {
        self.version
    }

    /// The text of the settings that it is shipped with.
    pub(crate) const fn shipped(&self) -> &'static str {
        self.shipped
    }

    /// What stands beside its services, if anything does.
    pub(crate) fn stands_beside(&self) -> Option<&Beside> {
        self.beside.as_deref()
    }

    /// Its services.
    pub fn services(&self) -> &[Hosted] {
        &self.services
    }

    /// What its services tell others, as an AsyncAPI 3 document.
    ///
    /// # Errors
    /// With everything that is wrong with the first service that does not hold together.
    pub fn asyncapi(&self) -> Result<Value, Problems<ServiceProblem>> {
        let described = self.services.iter().map(|hosted| hosted.service().describe());
        let described = described.collect::<Result<Vec<_>, _>>()?;
        Ok(asyncapi::document((self.name, self.version), &described))
    }

    /// Does what the command line asks for, and says how it ended.
    pub fn main(self) -> ExitCode {
        shell::main(&self)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, services, .. } = self;
        f.debug_struct("App")
            .field("name", name)
            .field("version", version)
            .field("services", services)
            .finish_non_exhaustive()
    }
}
