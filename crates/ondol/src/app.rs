//! An app: services that become one program.

mod command;
mod config;
mod failure;
mod flow;
mod log;
mod logging;
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

use std::process::ExitCode;

use ondol_domain::Problems;
use ondol_runtime::ServiceProblem;
use serde_json::Value;

use crate::{Hosted, asyncapi};

/// Services that become one program.
#[derive(Debug)]
pub struct App {
    name: &'static str,
    version: &'static str,
    services: Vec<Hosted>,
}

impl App {
    /// A program without services yet. The name is what it is called on the command line.
    pub const fn named(name: &'static str) -> Self {
        Self { name, version: env!("CARGO_PKG_VERSION"), services: Vec::new() }
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

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Which version it is.
    pub const fn version(&self) -> &'static str {
        self.version
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
