//! What stands beside the services of a program: pages for people, a gateway in front, the demo's
//! own world. It comes up with `up`, when all services run in this process, and ends with them.

use axum::Router;
use ondol_runtime::Supervisor;
use ondol_store::BoxError;

use crate::{Config, Settings, Stage};

/// What is told to whatever is to stand beside the services.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The services as they run, and the router that answers for them.
    pub stage: &'a Stage,
    /// What was set.
    pub config: &'a Config,
    /// Watches over what takes requests: it is told first that the end has come.
    pub front: &'a Supervisor,
    /// Watches over what those in front need: it ends after them.
    pub behind: &'a Supervisor,
}

/// Makes what stands beside the services, and the router that answers requests from then on.
pub type Beside = dyn Fn(Around<'_>) -> Result<Router, BoxError> + Send + Sync;

impl Around<'_> {
    /// What is set under a name in `settings`, and the folder of that name.
    pub fn settings_of(&self, name: &str) -> Settings {
        self.config.settings_of(name)
    }
}
