//! What is wrong with the description of a service.

use ondol_domain::{Problems, ShapeProblem, ViewProblem};
use ondol_kernel::EventType;

use crate::DeskOptionsProblem;

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
    #[error("it takes no commands: name at least one aggregate")]
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
    /// A view is folded from another service's events, which do not come here.
    #[error("the view {view:?} is folded from events of {service:?}, which do not come here")]
    Foreign {
        /// The view.
        view: &'static str,
        /// The other service.
        service: &'static str,
    },
    /// The options of its desks cannot be used.
    #[error(transparent)]
    Desk(Problems<DeskOptionsProblem>),
    /// The options of its projectors cannot be used.
    #[error(transparent)]
    Projector(ondol_views::ProjectorOptionsError),
}
