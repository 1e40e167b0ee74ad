//! What a service tells others, is asked by them, and does because of what happens: described, and
//! whatever is wrong with it.

use std::collections::BTreeSet;

use ondol_domain::{Asked, Problems, ShapeProblem, Source};
use ondol_kernel::EventType;

use super::description::{
    AggregateDescription, AskedDescription, ContractDescription, EventDescription,
    PublicDescription, ReactionDescription, SourceDescription,
};
use super::{Service, ServiceProblem};
use crate::reaction::Reaction;

/// What a service publishes.
pub(super) fn published(
    service: &Service,
    aggregates: &[AggregateDescription],
    found: &mut Vec<ServiceProblem>,
) -> Vec<PublicDescription> {
    let mut described = Vec::new();
    for publication in &service.publications {
        let publication = match publication {
            Ok(publication) => publication,
            Err(problems) => {
                found.push(ServiceProblem::Publication(problems.clone()));
                continue;
            }
        };
        let kind = publication.kind();
        if publication.service() != Some(service.name.as_str()) {
            let says = publication.service().map(str::to_owned);
            found.push(ServiceProblem::PublishedElsewhere { kind, says });
        }
        let foreign = publication.own().iter().filter_map(|source| source.service);
        found.extend(foreign.map(|of| ServiceProblem::PublishesForeign { kind, service: of }));
        let unknown = publication.types().iter().filter(|one| !records(aggregates, one));
        found.extend(unknown.map(|event_type| ServiceProblem::PublishesNothing {
            kind,
            event_type: event_type.clone(),
        }));
        let event = |shape: &ondol_domain::Shape| EventDescription {
            event_type: shape.event_type.to_string(),
            version: shape.schema_version.get(),
        };
        let told_of = publication.types().iter().map(ToString::to_string).collect();
        let events = publication.shapes().iter().map(event).collect();
        described.push(PublicDescription { kind, events, told_of });
    }
    described
}

/// What others may ask of a service.
pub(super) fn accepted(
    service: &Service,
    found: &mut Vec<ServiceProblem>,
) -> Vec<ContractDescription> {
    let mut names = BTreeSet::new();
    let mut described = Vec::new();
    for part in &service.contracts {
        let (kind, commands) = (part.kind(), part.commands());
        if part.service() != service.name {
            let says = part.service();
            found.push(ServiceProblem::ContractElsewhere { kind, says });
        }
        if !service.aggregates.iter().any(|aggregate| aggregate.kind() == kind) {
            found.push(ServiceProblem::ContractOfNothing { kind });
        }
        let twice = commands.iter().filter(|name| !names.insert((*name).clone()));
        found.extend(twice.map(|command| ServiceProblem::SameCommand { command: command.clone() }));
        described.push(ContractDescription { aggregate: kind, commands });
    }
    described
}

/// What a service does because of what happens.
pub(super) fn reacting(
    service: &Service,
    aggregates: &[AggregateDescription],
    found: &mut Vec<ServiceProblem>,
) -> Vec<ReactionDescription> {
    let mut books = BTreeSet::new();
    let mut described = Vec::new();
    for reaction in &service.reactions {
        let name = reaction.name();
        let checked = checked(reaction);
        found.extend(checked.err().map(ServiceProblem::Reaction));
        match reaction.book() {
            Err(_rule) => found.push(ServiceProblem::ReactionName { name }),
            Ok(book) if !books.insert(book.clone()) => {
                found.push(ServiceProblem::SameReaction { name });
            }
            Ok(_) => {}
        }
        let own = reaction.sources().iter().filter(|source| source.service.is_none());
        let unknown = own.flat_map(|source| &source.types);
        let unknown = unknown.filter(|event_type| !records(aggregates, event_type));
        found.extend(unknown.map(|event_type| ServiceProblem::ReactsToNothing {
            name,
            event_type: event_type.clone(),
        }));
        let sources = reaction.sources().iter().map(source).collect();
        let (asks, reads) = match reaction {
            Reaction::Policy(policy) => {
                let Asked { target, commands } = policy.asked.clone();
                let reads = policy.reads.as_ref().map(|reads| reads.view);
                (Some(AskedDescription { target, commands }), reads)
            }
            Reaction::Effect(_) | Reaction::Hearer(_) => (None, None),
        };
        let is_folded = |view: &&str| service.views.iter().any(|known| known.name() == *view);
        let unknown = reads.filter(|view| !is_folded(view));
        found.extend(unknown.map(|view| ServiceProblem::ReadsNoView { name, view }));
        described.push(ReactionDescription { name, kind: reaction.kind(), sources, asks, reads });
    }
    described
}

fn checked(reaction: &Reaction) -> Result<(), Problems<ShapeProblem>> {
    match reaction {
        Reaction::Policy(policy) => policy.check(),
        Reaction::Effect(effect) => effect.check(),
        Reaction::Hearer(_) => Ok(()),
    }
}

pub(super) fn source(source: &Source) -> SourceDescription {
    let events = source.types.iter().map(ToString::to_string).collect();
    SourceDescription { service: source.service, events }
}

/// Whether something here records events of a type.
pub(super) fn records(aggregates: &[AggregateDescription], event_type: &EventType) -> bool {
    aggregates.iter().any(|aggregate| {
        let recorded = aggregate.events.iter().map(|event| &event.event_type);
        recorded.chain(&aggregate.old_events).any(|known| known == event_type.as_str())
    })
}
