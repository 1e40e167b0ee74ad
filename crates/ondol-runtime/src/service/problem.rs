//! What is wrong with the description of a service.

use ondol_domain::{Problems, ShapeProblem, ViewProblem};
use ondol_kernel::EventType;

use crate::{DeskOptionsProblem, ReactionOptionsProblem};

/// What is wrong with the description of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceProblem {
    /// Its name cannot name a log.
    #[error(
        "{name:?} is no name: 1 to 64 lower case letters, digits, '.', '_' or '-', from a letter on"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// It has no parts.
    #[error("it takes no commands and reacts to nothing: name at least one aggregate")]
    Nothing,
    /// Two aggregates are of one kind.
    #[error("two aggregates are of the kind {kind:?}")]
    SameAggregate {
        /// The kind.
        kind: &'static str,
    },
    /// Two views have one name.
    #[error("two views are called {name:?}")]
    SameView {
        /// The name.
        name: &'static str,
    },
    /// The shapes of an aggregate do not hold together.
    #[error(transparent)]
    Aggregate(Problems<ShapeProblem>),
    /// A view does not hold together.
    #[error(transparent)]
    View(Problems<ViewProblem>),
    /// A view waits for what never happens here.
    #[error("the view {view:?} is folded from {event_type}, which nothing here records")]
    NeverRecorded {
        /// The view.
        view: &'static str,
        /// The event's type.
        event_type: EventType,
    },
    /// What it publishes does not hold together.
    #[error(transparent)]
    Publication(Problems<ShapeProblem>),
    /// Public events say that another service publishes them, or none.
    #[error(
        "the public events of {kind:?} say they are published by {}, not by this service",
        .says.as_deref().unwrap_or("nobody")
    )]
    PublishedElsewhere {
        /// Their kind.
        kind: &'static str,
        /// Whom they name.
        says: Option<String>,
    },
    /// Public events are told of another service's events.
    #[error("the public events of {kind:?} are told of events of {service:?}, not of its own")]
    PublishesForeign {
        /// Their kind.
        kind: &'static str,
        /// The other service.
        service: &'static str,
    },
    /// Public events are told of what never happens here.
    #[error("the public events of {kind:?} are told of {event_type}, which nothing here records")]
    PublishesNothing {
        /// Their kind.
        kind: &'static str,
        /// The inner event's type.
        event_type: EventType,
    },
    /// A contract is another service's.
    #[error("the contract that {kind:?} keeps is one of {says:?}, not of this service")]
    ContractElsewhere {
        /// Who keeps it.
        kind: &'static str,
        /// Whose it is.
        says: &'static str,
    },
    /// A contract is kept by things that the service does not have.
    #[error("a contract is kept by {kind:?}, for which no commands are taken here")]
    ContractOfNothing {
        /// Who is to keep it.
        kind: &'static str,
    },
    /// Two contracts have a command of one name.
    #[error("two contracts have a command {command:?}")]
    SameCommand {
        /// The command.
        command: String,
    },
    /// The events of a policy or an effect do not hold together.
    #[error(transparent)]
    Reaction(Problems<ShapeProblem>),
    /// Nothing can be kept under the name of a policy or an effect.
    #[error(
        "{name:?} is no name for a policy: letters, digits, spaces, '.', '_' and '-', 57 at most"
    )]
    ReactionName {
        /// The name.
        name: &'static str,
    },
    /// Two policies, or two effects, have one name.
    #[error("two policies or effects are called {name:?}")]
    SameReaction {
        /// The name.
        name: &'static str,
    },
    /// A policy or an effect waits for what never happens here.
    #[error("{name:?} waits for {event_type}, which nothing here records")]
    ReactsToNothing {
        /// The policy or effect.
        name: &'static str,
        /// The event's type.
        event_type: EventType,
    },
    /// A policy reads a view that is not folded here.
    #[error("{name:?} reads the view {view:?}, which the service does not fold")]
    ReadsNoView {
        /// The policy.
        name: &'static str,
        /// The view.
        view: &'static str,
    },
    /// The options of its policies and effects cannot be used.
    #[error(transparent)]
    Reactions(Problems<ReactionOptionsProblem>),
    /// An engine that runs within it is wrong.
    #[error("{told}")]
    Companion {
        /// What is wrong with it.
        told: String,
    },
    /// The options of its desks cannot be used.
    #[error(transparent)]
    Desk(Problems<DeskOptionsProblem>),
    /// The options of its projectors cannot be used.
    #[error(transparent)]
    Projector(ondol_views::ProjectorOptionsError),
}
