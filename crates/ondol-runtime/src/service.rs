//! A service: which things it takes commands for, and which views it folds from what happens.
//!
//! A service is a description first. It can be looked at and checked without a log, and all that
//! is wrong with it is told at once; started over a log and a store of views, it is [`Running`].

mod description;
mod part;
mod problem;
mod running;
mod start;

use ondol_domain::{Aggregate, Problems, View};
use ondol_views::ProjectorOptions;

use crate::DeskOptions;

pub use description::{AggregateDescription, Description, EventDescription, ViewDescription};
pub use problem::ServiceProblem;
pub use running::{NotPart, Running, ViewStanding};
pub(crate) use start::Place;
pub use start::{Home, StartServiceError};

use part::{AggregatePart, Of, ViewPart};

/// A service, before it is started.
#[derive(Debug, Default)]
pub struct Service {
    name: String,
    aggregates: Vec<Box<dyn AggregatePart>>,
    views: Vec<Box<dyn ViewPart>>,
    options: ServiceOptions,
}

/// How a service works.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceOptions {
    /// How commands are taken.
    pub desk: DeskOptions,
    /// How views are folded.
    pub projector: ProjectorOptions,
    /// How long a query waits for a view.
    pub reader: crate::ReaderOptions,
}

impl Service {
    /// A service without any parts yet. The name is what its log is known by: `bank.account`.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same, taking commands for one more kind of thing.
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        self.aggregates.push(Box::new(Of::<A>::new()));
        self
    }

    /// The same, folding one more view.
    #[must_use]
    pub fn view<V: View>(mut self) -> Self {
        self.views.push(Box::new(Of::<V>::new()));
        self
    }

    /// The same, working another way.
    #[must_use]
    pub fn options(mut self, options: ServiceOptions) -> Self {
        self.options = options;
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it works.
    pub const fn service_options(&self) -> &ServiceOptions {
        &self.options
    }

    /// What the service is made of, once it has been checked. No log is opened.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn describe(&self) -> Result<Description, Problems<ServiceProblem>> {
        description::describe(self)
    }

    /// Checks the service. No log is opened.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn check(&self) -> Result<(), Problems<ServiceProblem>> {
        self.describe().map(|_description| ())
    }
}

#[cfg(test)]
mod tests;
