//! What leads where, found in the descriptions of the services.

use ondol_domain::Target;
use ondol_runtime::{Description, SourceDescription};

use super::{Column, Context, Edge, Kind, Place, SagaOnMap, Way};

/// Everything that leads from one to another, in order, each once.
pub(super) fn of(described: &[(Description, Vec<SagaOnMap>)], contexts: &[Context]) -> Vec<Edge> {
    let mut found = Found { contexts, edges: Vec::new() };
    for (context, (one, sagas)) in described.iter().enumerate() {
        found.contracts(context, one);
        found.reactions(context, one);
        found.sagas(context, one, sagas);
        found.shown(context, one);
    }
    let mut edges = found.edges;
    edges.sort_unstable();
    edges.dedup();
    edges
}

struct Found<'a> {
    contexts: &'a [Context],
    edges: Vec<Edge>,
}

impl Found<'_> {
    fn contracts(&mut self, context: usize, one: &Description) {
        for (row, contract) in one.accepts.iter().enumerate() {
            let from = Place { context, column: Column::Doors, row };
            let to = self.thing(context, contract.aggregate);
            self.lead(Some(from), to, Way::Asked);
        }
    }

    fn reactions(&mut self, context: usize, one: &Description) {
        for (at, reaction) in one.reactions.iter().enumerate() {
            let row = one.accepts.len() + at;
            let here = Place { context, column: Column::Doors, row };
            self.heard(context, &reaction.sources, here, Way::Heard);
            match reaction.asks.as_ref().map(|asked| (&asked.target, &asked.commands)) {
                Some((Target::Aggregate(kind), _)) => {
                    let to = self.thing(context, kind);
                    self.lead(Some(here), to, Way::Asked);
                }
                Some((Target::Service(service), commands)) => {
                    let to = self.contract(service, commands);
                    self.lead(Some(here), to, Way::Asked);
                }
                None => {}
            }
            if let Some(view) = reaction.reads {
                let from = self.shown_as(context, Kind::View, view);
                self.lead(from, Some(here), Way::Read);
            }
        }
    }

    fn sagas(&mut self, context: usize, one: &Description, sagas: &[SagaOnMap]) {
        for (at, saga) in sagas.iter().enumerate() {
            let row = one.accepts.len() + one.reactions.len() + at;
            let here = Place { context, column: Column::Doors, row };
            for (service, types) in &saga.hears {
                self.heard_of(context, service.as_deref(), types, here, Way::Heard);
            }
        }
    }

    fn shown(&mut self, context: usize, one: &Description) {
        for view in &one.views {
            if let Some(here) = self.shown_as(context, Kind::View, view.view) {
                self.heard(context, &view.sources, here, Way::Shown);
            }
        }
        for public in &one.publishes {
            if let Some(here) = self.shown_as(context, Kind::Feed, &one.service) {
                self.heard_of(context, None, &public.told_of, here, Way::Shown);
            }
        }
    }

    fn heard(&mut self, context: usize, sources: &[SourceDescription], to: Place, way: Way) {
        for source in sources {
            self.heard_of(context, source.service, &source.events, to, way);
        }
    }

    /// Events of one's own things, or of another service's feed.
    fn heard_of(
        &mut self,
        context: usize,
        service: Option<&str>,
        types: &[String],
        to: Place,
        way: Way,
    ) {
        if let Some(service) = service {
            let of = self.contexts.iter().position(|one| one.name == service);
            let feed = of.and_then(|of| self.shown_as(of, Kind::Feed, service));
            self.lead(feed, Some(to), way);
            return;
        }
        let things = self.contexts[context].things.iter().enumerate();
        let records =
            things.filter(|(_, thing)| thing.events.iter().any(|one| types.contains(one)));
        let rows: Vec<_> = records.map(|(row, _)| row).collect();
        for row in rows {
            self.lead(Some(Place { context, column: Column::Things, row }), Some(to), way);
        }
    }

    /// What is asked of somebody who is not on the map leads nowhere.
    fn lead(&mut self, from: Option<Place>, to: Option<Place>, way: Way) {
        if let (Some(from), Some(to)) = (from, to) {
            self.edges.push(Edge { from, to, way });
        }
    }

    fn thing(&self, context: usize, kind: &str) -> Option<Place> {
        let row = self.contexts[context].things.iter().position(|thing| thing.name == kind)?;
        Some(Place { context, column: Column::Things, row })
    }

    fn contract(&self, service: &str, commands: &[String]) -> Option<Place> {
        let context = self.contexts.iter().position(|one| one.name == service)?;
        let is_it = |door: &super::Node| {
            door.kind == Kind::Contract && door.commands.iter().any(|one| commands.contains(one))
        };
        let row = self.contexts[context].doors.iter().position(is_it)?;
        Some(Place { context, column: Column::Doors, row })
    }

    fn shown_as(&self, context: usize, kind: Kind, name: &str) -> Option<Place> {
        let mut shown = self.contexts[context].shown.iter();
        let row = shown.position(|node| node.kind == kind && node.name == name)?;
        Some(Place { context, column: Column::Shown, row })
    }
}
