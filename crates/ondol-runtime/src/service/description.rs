//! What a service is made of, as it can be shown.

use ondol_domain::{IndexKind, Problems, Target, ViewShape};
use ondol_kernel::EventType;
use ondol_views::SourceName;
use serde::Serialize;

use super::{Service, ServiceProblem, relations};

/// What a service is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What it is called.
    pub service: String,
    /// The things it takes commands for.
    pub aggregates: Vec<AggregateDescription>,
    /// The views it folds.
    pub views: Vec<ViewDescription>,
    /// What it tells others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub publishes: Vec<PublicDescription>,
    /// What others may ask of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<ContractDescription>,
    /// What it does because of what happens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionDescription>,
}

/// Public events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicDescription {
    /// The kind.
    pub kind: &'static str,
    /// The events.
    pub events: Vec<EventDescription>,
    /// The types of the service's own events that they are told of.
    pub told_of: Vec<String>,
}

/// A public contract that things of one kind keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContractDescription {
    /// The kind of thing.
    pub aggregate: &'static str,
    /// What may be asked.
    pub commands: Vec<String>,
}

/// Something that is done because of what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReactionDescription {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is a policy or an effect.
    pub kind: &'static str,
    /// What it listens to.
    pub sources: Vec<SourceDescription>,
    /// Whom a policy asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks: Option<AskedDescription>,
    /// The view that a policy reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<&'static str>,
}

/// Who is asked, and what may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AskedDescription {
    /// A service, by its public contract, or a kind of the service's own things.
    pub target: Target,
    /// The commands there are.
    pub commands: Vec<String>,
}

/// Events that are listened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceDescription {
    /// Which service publishes them; nothing, for the service's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'static str>,
    /// Their types.
    pub events: Vec<String>,
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
    /// Where they come from.
    pub sources: Vec<SourceDescription>,
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
    for companion in &service.companions {
        match companion.describe() {
            Ok(described) => {
                let is_taken = aggregates.iter().any(|known| known.kind == described.kind);
                let kind = described.kind;
                found.extend(is_taken.then_some(ServiceProblem::SameAggregate { kind }));
                aggregates.push(described);
            }
            Err(problems) => {
                found.extend(problems.into_iter().map(|told| ServiceProblem::Companion { told }));
            }
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
    let publishes = relations::published(service, &aggregates, &mut found);
    let accepts = relations::accepted(service, &mut found);
    let reactions = relations::reacting(service, &aggregates, &mut found);
    Problems::none_in(format!("the service {:?}", service.name), found)?;
    let service = service.name.clone();
    Ok(Description { service, aggregates, views, publishes, accepts, reactions })
}

fn problems_of_whole(service: &Service) -> Vec<ServiceProblem> {
    let kinds: Vec<_> = service.aggregates.iter().map(|part| part.kind()).collect();
    let names: Vec<_> = service.views.iter().map(|part| part.name()).collect();
    let name = SourceName::new(service.name.as_str()).err();
    let name = name.map(|_rule| ServiceProblem::Name { name: service.name.clone() });
    let is_idle = kinds.is_empty() && service.reactions.is_empty() && service.companions.is_empty();
    let nothing = is_idle.then_some(ServiceProblem::Nothing);
    let reaction = service.options.reaction.validate().err().map(ServiceProblem::Reactions);
    let desk = service.options.desk.validate().err().map(ServiceProblem::Desk);
    let projector = service.options.projector.validate().err().map(ServiceProblem::Projector);
    let kinds = twice(&kinds).map(|kind| ServiceProblem::SameAggregate { kind });
    let views = twice(&names).map(|name| ServiceProblem::SameView { name });
    let whole = [name, nothing, desk, projector, reaction].into_iter().flatten();
    whole.chain(kinds).chain(views).collect()
}

/// What stands in a list for the second time.
fn twice<'a>(names: &'a [&'static str]) -> impl Iterator<Item = &'static str> + 'a {
    names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name)).map(|(_, name)| *name)
}

/// What a view waits for and will never see.
fn unheard_of(shape: &ViewShape, aggregates: &[AggregateDescription]) -> Vec<ServiceProblem> {
    let view = shape.name;
    let own = shape.sources.iter().filter(|source| source.service.is_none());
    let unknown = own.flat_map(|source| &source.types);
    let unknown = unknown.filter(|event_type| !relations::records(aggregates, event_type));
    let never = |event_type: &EventType| ServiceProblem::NeverRecorded {
        view,
        event_type: event_type.clone(),
    };
    unknown.map(never).collect()
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
        sources: shape.sources.iter().map(relations::source).collect(),
        indexes: shape.indexes.iter().map(|(name, kind)| (*name, how(*kind))).collect(),
    }
}
