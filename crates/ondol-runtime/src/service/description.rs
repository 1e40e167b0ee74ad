//! What a service is made of, as it can be shown.

use ondol_domain::{IndexKind, Problems, ViewShape};
use ondol_kernel::EventType;
use ondol_views::SourceName;
use serde::Serialize;

use super::{Service, ServiceProblem};

/// What a service is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What it is called.
    pub service: String,
    /// The things it takes commands for.
    pub aggregates: Vec<AggregateDescription>,
    /// The views it folds.
    pub views: Vec<ViewDescription>,
}

/// A kind of thing that commands are taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AggregateDescription {
    /// The kind.
    pub kind: &'static str,
    /// What may be asked of it.
    pub commands: Vec<&'static str>,
    /// What can happen to it.
    pub events: Vec<EventDescription>,
    /// Why it says no.
    pub refusals: Vec<&'static str>,
    /// Types of events that are no longer recorded but can still be read.
    pub old_events: Vec<String>,
    /// Whether its state is written down between events.
    pub has_snapshots: bool,
}

/// An event that is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventDescription {
    /// Its type.
    pub event_type: String,
    /// The version of its shape.
    pub version: u32,
}

/// A view that is folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewDescription {
    /// What it is called.
    pub view: &'static str,
    /// Which version of it.
    pub version: u32,
    /// The types of the events it is folded from.
    pub events: Vec<String>,
    /// What its documents are found by besides their keys, and how.
    pub indexes: Vec<(&'static str, &'static str)>,
}

/// What the service is made of, or everything that is wrong with it.
pub(super) fn describe(service: &Service) -> Result<Description, Problems<ServiceProblem>> {
    let mut found = problems_of_whole(service);
    let mut aggregates = Vec::new();
    for part in &service.aggregates {
        match part.describe() {
            Ok(described) => aggregates.push(described),
            Err(problems) => found.push(ServiceProblem::Aggregate(problems)),
        }
    }
    let mut views = Vec::new();
    for part in &service.views {
        match part.shape() {
            Ok(shape) => {
                found.extend(unheard_of(&shape, &aggregates));
                views.push(described(&shape));
            }
            Err(problems) => found.push(ServiceProblem::View(problems)),
        }
    }
    Problems::none_in(format!("the service {:?}", service.name), found)?;
    Ok(Description { service: service.name.clone(), aggregates, views })
}

fn problems_of_whole(service: &Service) -> Vec<ServiceProblem> {
    let kinds: Vec<_> = service.aggregates.iter().map(|part| part.kind()).collect();
    let names: Vec<_> = service.views.iter().map(|part| part.name()).collect();
    let name = SourceName::new(service.name.as_str()).err();
    let name = name.map(|_rule| ServiceProblem::Name { name: service.name.clone() });
    let nothing = kinds.is_empty().then_some(ServiceProblem::Nothing);
    let desk = service.options.desk.validate().err().map(ServiceProblem::Desk);
    let projector = service.options.projector.validate().err().map(ServiceProblem::Projector);
    let kinds = twice(&kinds).map(|kind| ServiceProblem::SameAggregate { kind });
    let views = twice(&names).map(|name| ServiceProblem::SameView { name });
    let whole = [name, nothing, desk, projector].into_iter().flatten();
    whole.chain(kinds).chain(views).collect()
}

/// What stands in a list for the second time.
fn twice<'a>(names: &'a [&'static str]) -> impl Iterator<Item = &'static str> + 'a {
    names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name)).map(|(_, name)| *name)
}

/// What a view waits for and will never see.
fn unheard_of(shape: &ViewShape, aggregates: &[AggregateDescription]) -> Vec<ServiceProblem> {
    let view = shape.name;
    let is_known = |event_type: &EventType| {
        aggregates.iter().any(|aggregate| {
            let recorded = aggregate.events.iter().map(|event| &event.event_type);
            recorded.chain(&aggregate.old_events).any(|known| known == event_type.as_str())
        })
    };
    let problems = shape.sources.iter().flat_map(|source| match source.service {
        Some(service) => vec![ServiceProblem::Foreign { view, service }],
        None => {
            let unknown = source.types.iter().filter(|event_type| !is_known(event_type));
            let never = |event_type: &EventType| ServiceProblem::NeverRecorded {
                view,
                event_type: event_type.clone(),
            };
            unknown.map(never).collect()
        }
    });
    problems.collect()
}

fn described(shape: &ViewShape) -> ViewDescription {
    let types = shape.sources.iter().flat_map(|source| &source.types);
    let how = |kind| match kind {
        IndexKind::Equality => "equality",
        IndexKind::Ordered => "ordered",
        IndexKind::Prefix => "prefix",
    };
    ViewDescription {
        view: shape.name,
        version: shape.version,
        events: types.map(ToString::to_string).collect(),
        indexes: shape.indexes.iter().map(|(name, kind)| (*name, how(*kind))).collect(),
    }
}
