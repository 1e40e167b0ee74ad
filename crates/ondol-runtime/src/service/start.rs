//! How a service comes to run.

use std::collections::HashMap;
use std::sync::Arc;

use ondol_domain::Problems;
use ondol_views::{NameError, ProjectorError, SourceName, ViewStore};

use super::{Running, Service, ServiceOptions, ServiceProblem};
use crate::{Ground, OpenDeskError, Supervisor};

/// Where a service is at home: its log, the time, chance, and the place of its views.
#[derive(Debug, Clone)]
pub struct Home {
    /// Its log, the clock and the source of chance.
    pub ground: Ground,
    /// Where its views are kept.
    pub views: Arc<dyn ViewStore>,
}

/// What the parts of a service are told when they are started.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What the service's log is known by.
    pub(crate) source: SourceName,
    pub(crate) options: ServiceOptions,
}

/// Why a service was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartServiceError {
    /// Its description does not hold together.
    #[error(transparent)]
    Description(#[from] Problems<ServiceProblem>),
    /// A desk cannot be opened.
    #[error("a desk cannot be opened")]
    Desk(#[from] OpenDeskError),
    /// A view cannot be projected.
    #[error("a view cannot be projected")]
    Projector(#[from] ProjectorError),
    /// A name breaks a rule.
    #[error("a name breaks a rule")]
    Name(#[from] NameError),
}

impl StartServiceError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Description(_) | Self::Desk(_) | Self::Name(_) => "service-description",
            Self::Projector(error) => error.code(),
        }
    }
}

impl Service {
    /// Starts the service: opens its desks and begins to fold its views. What runs on its own is
    /// watched over by the supervisor.
    ///
    /// # Errors
    /// When its description does not hold together; then nothing has been started.
    pub fn start(
        &self,
        home: &Home,
        supervisor: &Supervisor,
    ) -> Result<Running, StartServiceError> {
        self.start_with(home, &self.options, supervisor)
    }

    /// The same, working another way than the service says itself: as an operator has set it.
    ///
    /// # Errors
    /// When its description does not hold together; then nothing has been started.
    pub fn start_with(
        &self,
        home: &Home,
        options: &ServiceOptions,
        supervisor: &Supervisor,
    ) -> Result<Running, StartServiceError> {
        let description = self.describe()?;
        let source = SourceName::new(self.name.as_str())?;
        let place = Place { source: source.clone(), options: options.clone() };
        let mut parts = HashMap::new();
        for aggregate in &self.aggregates {
            parts.extend([aggregate.open(home, &place)?]);
        }
        let mut projections = Vec::with_capacity(self.views.len());
        for view in &self.views {
            let (reader, projection) = view.start(home, &place, supervisor)?;
            parts.extend([reader]);
            projections.push(projection);
        }
        Ok(Running::new(description, home.clone(), source, parts, projections))
    }
}
