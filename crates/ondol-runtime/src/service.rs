//! A service: which things it takes commands for, and which views it folds from what happens.
//!
//! A service is a description first. It can be looked at and checked without a log, and all that
//! is wrong with it is told at once; started over a log and a store of views, it is [`Running`].

mod description;
mod part;
mod problem;
mod relations;
mod running;
mod start;

use ondol_bus::Publication;
use ondol_domain::{Aggregate, Contract, EventSet, Facts, Policy, Problems, ShapeProblem, View};
use ondol_kernel::Recorded;
use ondol_timers::RunnerOptions;
use ondol_views::ProjectorOptions;

use crate::reaction::Reaction;
use crate::{Accepts, Companion, DeskOptions, Effect, ReactionOptions};

pub use description::{
    AggregateDescription, AskedDescription, ContractDescription, Description, EventDescription,
    PublicDescription, ReactionDescription, SourceDescription, ViewDescription,
};
pub use problem::ServiceProblem;
pub use running::{NotPart, Running, ViewStanding};
pub(crate) use start::Place;
pub use start::{Home, StartServiceError};

use part::{AggregatePart, ContractPart, Keeps, Of, ViewPart};

/// A service, before it is started.
#[derive(Debug, Default)]
pub struct Service {
    name: String,
    aggregates: Vec<Box<dyn AggregatePart>>,
    views: Vec<Box<dyn ViewPart>>,
    publications: Vec<Result<Publication, Problems<ShapeProblem>>>,
    contracts: Vec<Box<dyn ContractPart>>,
    reactions: Vec<Reaction>,
    companions: Vec<Box<dyn Companion>>,
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
    /// How policies and effects work.
    pub reaction: ReactionOptions,
    /// How timers are fired.
    pub timers: RunnerOptions,
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

    /// The same, telling others of its own events `I` by public events `E`: of each none, one or
    /// several, by a function that looks at nothing else. Inner events never leave the service.
    #[must_use]
    pub fn publishes<I: EventSet, E: Facts, Told: IntoIterator<Item = E>>(
        mut self,
        translate: impl Fn(&Recorded<I>) -> Told + Send + Sync + 'static,
    ) -> Self {
        self.publications.push(Publication::of::<I, E, Told>(translate));
        self
    }

    /// The same, letting others ask by a public contract, which the things of one kind keep.
    #[must_use]
    pub fn accepts<C: Contract, A: Aggregate>(mut self, how: Accepts<C, A>) -> Self {
        self.contracts.push(Box::new(Keeps(how)));
        self
    }

    /// The same, with a policy: whenever this has happened, then that is asked. It begins with
    /// the oldest event there is.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.reactions.push(Reaction::Policy(policy));
        self
    }

    /// The same, with an effect: whenever this has happened, that goes out of the house.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.reactions.push(Reaction::Effect(effect));
        self
    }

    /// The same, with an engine of this kind running beside its parts: the one that it has, or
    /// else this one, changed so.
    #[must_use]
    pub fn companion<C: Companion>(
        mut self,
        new: impl FnOnce() -> C,
        change: impl FnOnce(&mut C),
    ) -> Self {
        let mut known = self.companions.iter_mut();
        if let Some(one) = known.find_map(|one| one.as_any_mut().downcast_mut::<C>()) {
            change(one);
            return self;
        }
        let mut one = new();
        change(&mut one);
        self.companions.push(Box::new(one));
        self
    }

    /// An engine of this kind that runs beside its parts, if it has one.
    pub fn part_of<C: Companion>(&self) -> Option<&C> {
        self.companions.iter().find_map(|one| one.as_any().downcast_ref())
    }

    /// What it tells others, as far as that holds together.
    pub fn publications(&self) -> impl Iterator<Item = &Publication> {
        self.publications.iter().filter_map(|one| one.as_ref().ok())
    }

    /// Its policies.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.reactions.iter().filter_map(|one| match one {
            Reaction::Policy(policy) => Some(policy),
            Reaction::Effect(_) | Reaction::Hearer(_) => None,
        })
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
