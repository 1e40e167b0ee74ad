//! Engines that run within a service beside its own parts: sagas, say.
//!
//! A companion is a description as long as the service is one; started with it, it stands on the
//! same log, asks through the same calls, hears what the service hears, and is found again by its
//! type.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_bus::Calls;
use ondol_domain::Source;
use ondol_kernel::Envelope;
use ondol_lease::Duty;

use crate::reaction::{Act, Acted, Delivered, Fault};
use crate::{AggregateDescription, Home, Supervisor};

/// An engine that runs within a service.
pub trait Companion: fmt::Debug + Send + Sync + 'static {
    /// What it records in the service's log, as the events of a kind of thing of its own; or
    /// everything that is wrong with it.
    ///
    /// # Errors
    /// With everything that is wrong with it, a sentence each.
    fn describe(&self) -> Result<AggregateDescription, Vec<String>>;

    /// Begins to run.
    ///
    /// # Errors
    /// When it cannot, and why.
    fn start(&self, place: &CompanionPlace<'_>) -> Result<Companionship, String>;

    /// Itself, to be looked at.
    fn as_any(&self) -> &dyn Any;

    /// Itself, to be added to.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// Where a companion runs.
#[derive(Debug)]
pub struct CompanionPlace<'a> {
    /// What the service is called.
    pub service: &'a str,
    /// The service's log and views.
    pub home: &'a Home,
    /// Whoever the service can ask.
    pub calls: &'a Arc<dyn Calls>,
    /// Whether this process does what only one may do.
    pub duty: &'a Duty,
    /// Who watches over what runs on its own.
    pub supervisor: &'a Supervisor,
}

/// A companion that runs.
#[derive(Debug)]
pub struct Companionship {
    pub(crate) of: TypeId,
    pub(crate) part: Box<dyn Any + Send + Sync>,
    pub(crate) hearers: Vec<Hearer>,
}

impl Companionship {
    /// One that is found again as a `Part`.
    pub fn of<Part: Send + Sync + 'static>(part: Part) -> Self {
        Self { of: TypeId::of::<Part>(), part: Box::new(part), hearers: Vec::new() }
    }

    /// The same, hearing events.
    #[must_use]
    pub fn hearing(mut self, hearer: Hearer) -> Self {
        self.hearers.push(hearer);
        self
    }
}

/// Somebody who is told of events, each at least once, those of a stream in order.
#[derive(Debug, Clone)]
pub struct Hearer {
    /// What it is called.
    pub name: &'static str,
    /// What it listens to.
    pub sources: Vec<Source>,
    /// Who it is.
    pub hears: Arc<dyn Hears>,
}

/// Is told of events.
#[async_trait]
pub trait Hears: fmt::Debug + Send + Sync + 'static {
    /// Is told of an event, perhaps more than once.
    async fn hear(&self, event: &Envelope) -> Result<(), Unheard>;
}

/// Why an event was not heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// It will pass: it is told again for as long as it takes.
    #[error("not now: {0}")]
    NotNow(String),
    /// It never will be heard as it stands: its stream is parked, and a person looks.
    #[error("never: {0}")]
    Never(String),
}

#[async_trait]
impl Act for Hearer {
    async fn act(&self, delivered: &Delivered) -> Result<Acted, Fault> {
        match self.hears.hear(&delivered.event).await {
            Ok(()) => Ok(Acted { done: 1, refused: 0 }),
            Err(Unheard::NotNow(reason)) => Err(Fault::Passes(reason)),
            Err(Unheard::Never(reason)) => Err(Fault::Never(reason)),
        }
    }
}
