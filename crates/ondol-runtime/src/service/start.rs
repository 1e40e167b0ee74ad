//! How a service comes to run.

use std::collections::HashMap;
use std::sync::Arc;

use ondol_bus::{Calls, Directory, Feed, LogFeed, Switchboard};
use ondol_domain::Problems;
use ondol_lease::Duty;
use ondol_timers::TimerStore;
use ondol_views::{NameError, ProjectorError, SourceName, ViewStore};

use super::part::{ContractPart, OpenedDesk, Parts};
use super::running::Relations;
use super::{Running, Service, ServiceOptions, ServiceProblem};
use crate::callee::{Answers, Callee};
use crate::reaction::{self, Plan, Reaction, ReactionSource};
use crate::timers::{self, StartTimersError, Things};
use crate::{CompanionPlace, Ground, Hearer, OpenDeskError, ReactionControl, Supervisor};

/// Where a service is at home: its log, the time, chance, and the place of its views.
#[derive(Debug, Clone)]
pub struct Home {
    /// Its log, the clock and the source of chance.
    pub ground: Ground,
    /// Where its views are kept.
    pub views: Arc<dyn ViewStore>,
    /// Where timers sleep.
    pub timers: Arc<dyn TimerStore>,
}

/// What the parts of a service are told when they are started.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What the service's log is known by.
    pub(crate) source: SourceName,
    pub(crate) options: ServiceOptions,
    pub(crate) neighbours: Arc<Directory>,
    /// Whether this process does what only one may do.
    pub(crate) duty: Duty,
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
    /// Timers cannot be run.
    #[error("timers cannot be run")]
    Timers(#[from] StartTimersError),
    /// An engine that runs within it cannot be started.
    #[error("an engine that runs within the service cannot be started: {0}")]
    Companion(String),
    /// A name breaks a rule.
    #[error("a name breaks a rule")]
    Name(#[from] NameError),
}

impl StartServiceError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Description(_)
            | Self::Desk(_)
            | Self::Timers(_)
            | Self::Name(_)
            | Self::Companion(_) => "service-description",
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
        self.start_among(home, options, &Directory::new(), supervisor)
    }

    /// The same among other services: what it publishes and answers is found in the directory from
    /// now on, and what it listens to and asks is looked for there.
    ///
    /// # Errors
    /// When its description does not hold together; then nothing has been started.
    pub fn start_among(
        &self,
        home: &Home,
        options: &ServiceOptions,
        neighbours: &Arc<Directory>,
        supervisor: &Supervisor,
    ) -> Result<Running, StartServiceError> {
        self.start_on_duty(home, options, (neighbours, &Duty::always()), supervisor)
    }

    /// The same among other processes of the same service: commands are taken and queries are
    /// answered by all of them, and views, policies, effects and timers run where the duty is.
    ///
    /// # Errors
    /// When its description does not hold together; then nothing has been started.
    pub fn start_on_duty(
        &self,
        home: &Home,
        options: &ServiceOptions,
        (neighbours, duty): (&Arc<Directory>, &Duty),
        supervisor: &Supervisor,
    ) -> Result<Running, StartServiceError> {
        let description = self.describe()?;
        let source = SourceName::new(self.name.as_str())?;
        let neighbours = Arc::clone(neighbours);
        let (options, duty) = (options.clone(), duty.clone());
        let place = Place { source: source.clone(), options, neighbours, duty };
        let mut parts = HashMap::new();
        let (mut own, mut things) = (HashMap::new(), Things::default());
        for aggregate in &self.aggregates {
            let OpenedDesk { part, answers, timed } = aggregate.open(home, &place)?;
            parts.extend([part]);
            own.insert(aggregate.kind(), answers);
            things.add(aggregate.kind(), timed);
        }
        let calls = self.connect(home, &place, &parts, own);
        let mut hearers = Vec::new();
        for companion in &self.companions {
            let (service, calls, duty) = (self.name.as_str(), &calls, &place.duty);
            let at = CompanionPlace { service, home, calls, duty, supervisor };
            let started = companion.start(&at).map_err(StartServiceError::Companion)?;
            parts.insert(started.of, started.part);
            hearers.extend(started.hearers);
        }
        let reactions = self.react(home, &place, &calls, hearers, supervisor)?;
        let mut projections = Vec::with_capacity(self.views.len());
        for view in &self.views {
            let (reader, projection) = view.start(home, &place, supervisor)?;
            parts.extend([reader]);
            projections.push(projection);
        }
        let timers = timers::start(things, home, &place, supervisor)?;
        let Place { neighbours, duty, .. } = place;
        let relations = Relations { calls, reactions, timers, neighbours, duty };
        Ok(Running::new(description, home.clone(), source, parts, projections, relations))
    }

    /// Lets others find what the service publishes and answers, and the service find others.
    fn connect(
        &self,
        home: &Home,
        place: &Place,
        parts: &Parts,
        own: HashMap<&'static str, Arc<dyn Answers>>,
    ) -> Arc<dyn Calls> {
        let contracts = self.contracts.iter().map(AsRef::as_ref);
        let answers = |part: &dyn ContractPart| Some((part.commands(), part.answers(parts)?));
        let contracts = contracts.filter_map(answers).collect();
        let callee = Arc::new(Callee::new(&self.name, contracts, own));
        let publications = self.publications.iter().filter_map(|one| one.clone().ok()).collect();
        let Ground { store, clock, .. } = home.ground.clone();
        let feed = LogFeed::public(self.name.as_str(), store, publications, clock);
        place.neighbours.publish(&self.name, Arc::new(feed));
        place.neighbours.answer(&self.name, callee.clone());
        Arc::new(Switchboard::new(callee, Arc::clone(&place.neighbours)))
    }

    fn react(
        &self,
        home: &Home,
        place: &Place,
        calls: &Arc<dyn Calls>,
        hearers: Vec<Hearer>,
        supervisor: &Supervisor,
    ) -> Result<Vec<ReactionControl>, StartServiceError> {
        let mut controls = Vec::with_capacity(self.reactions.len());
        let hearers: Vec<_> = hearers.into_iter().map(Reaction::Hearer).collect();
        for reaction in self.reactions.iter().chain(&hearers) {
            let sources = reaction.sources().iter().map(|source| {
                let name = source.service.map_or(Ok(place.source.clone()), SourceName::new)?;
                let feed = place.feed(home, source.service);
                Ok(ReactionSource { name, feed, types: source.types.clone() })
            });
            let sources = joined(sources.collect::<Result<_, NameError>>()?);
            let plan = Plan {
                service: &self.name,
                reaction: reaction.clone(),
                sources,
                calls: Arc::clone(calls),
                options: place.options.reaction.clone(),
                duty: place.duty.clone(),
            };
            controls.push(reaction::start(plan, home, supervisor)?);
        }
        Ok(controls)
    }
}

/// One source a feed, however many sets of events come from it.
fn joined(sources: Vec<ReactionSource>) -> Vec<ReactionSource> {
    let mut joined: Vec<ReactionSource> = Vec::with_capacity(sources.len());
    for source in sources {
        match joined.iter_mut().find(|other| other.name == source.name) {
            Some(other) => other.types.extend(source.types),
            None => joined.push(source),
        }
    }
    joined
}

impl Place {
    /// A service's own events, or what another one publishes.
    pub(crate) fn feed(&self, home: &Home, service: Option<&str>) -> Arc<dyn Feed> {
        match service {
            Some(service) => self.neighbours.feed(service),
            None => {
                let Ground { store, clock, .. } = home.ground.clone();
                Arc::new(LogFeed::own(self.source.as_str(), store, clock))
            }
        }
    }
}
