//! The map of an app: who takes which commands, what happens then, who hears of it, and what is
//! asked because of it. It is drawn from the running definitions, so it cannot say anything else
//! than the code does.

mod edges;
mod mermaid;
mod svg;

use ondol_domain::Problems;
use ondol_runtime::{Description, ServiceProblem};
use ondol_saga::SagaPart;

use crate::{App, Hosted};

/// The map of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    title: String,
    contexts: Vec<Context>,
    edges: Vec<Edge>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Context {
    name: String,
    /// Where something comes in: contracts, policies, effects, sagas.
    doors: Vec<Node>,
    /// The things that commands are taken for.
    things: Vec<Node>,
    /// What is shown and told: views, feeds.
    shown: Vec<Node>,
}

/// Something on the map.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    kind: Kind,
    name: String,
    /// What may be asked here.
    commands: Vec<String>,
    /// What happens here, or is told.
    events: Vec<String>,
}

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Contract,
    Policy,
    Effect,
    Saga,
    Aggregate,
    View,
    Feed,
}

/// Where something stands on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    context: usize,
    column: Column,
    row: usize,
}

/// Where in its service something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Doors,
    Things,
    Shown,
}

/// What leads from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: Place,
    to: Place,
    way: Way,
}

/// Why it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// What has happened is heard.
    Heard,
    /// Something is asked.
    Asked,
    /// What has happened is folded, or told.
    Shown,
    /// A view is read.
    Read,
}

impl Map {
    /// The map of all services of an app.
    ///
    /// # Errors
    /// With everything that is wrong with the first service that does not hold together.
    pub fn of(app: &App) -> Result<Self, Problems<ServiceProblem>> {
        let described = app.services().iter().map(|hosted| {
            let described = hosted.service().describe()?;
            Ok((described, sagas_of(hosted)))
        });
        let described = described.collect::<Result<Vec<_>, _>>()?;
        let contexts: Vec<_> = described.iter().map(|(one, sagas)| context(one, sagas)).collect();
        let edges = edges::of(&described, &contexts);
        Ok(Self { title: app.name().to_owned(), contexts, edges })
    }

    /// The map as a flowchart of Mermaid.
    pub fn mermaid(&self) -> String {
        mermaid::drawn(self)
    }

    /// The map as a picture.
    pub fn svg(&self) -> String {
        svg::drawn(self)
    }

    fn at(&self, place: Place) -> &Node {
        &self.contexts[place.context].column(place.column)[place.row]
    }
}

impl Context {
    fn column(&self, column: Column) -> &[Node] {
        match column {
            Column::Doors => &self.doors,
            Column::Things => &self.things,
            Column::Shown => &self.shown,
        }
    }
}

impl Kind {
    const fn said(self) -> &'static str {
        match self {
            Self::Contract => "accepts",
            Self::Policy => "policy",
            Self::Effect => "effect",
            Self::Saga => "saga",
            Self::Aggregate => "aggregate",
            Self::View => "view",
            Self::Feed => "feed",
        }
    }
}

/// A saga as far as the map knows it.
#[derive(Debug, Clone)]
struct SagaOnMap {
    name: String,
    steps: Vec<String>,
    hears: Vec<(Option<String>, Vec<String>)>,
}

fn sagas_of(hosted: &Hosted) -> Vec<SagaOnMap> {
    let Some(part) = hosted.service().part_of::<SagaPart>() else { return Vec::new() };
    let all = part.definitions().all_newest();
    let on_map = |definition: &std::sync::Arc<dyn ondol_saga::Definition>| {
        let shape = definition.shape();
        let steps = shape.stages.iter().flatten().map(|step| step.name.clone()).collect();
        let hears = definition.sources().into_iter().map(|source| {
            let types = source.types.iter().map(ToString::to_string).collect();
            (source.service.map(str::to_owned), types)
        });
        SagaOnMap { name: shape.name.clone(), steps, hears: hears.collect() }
    };
    all.into_iter().map(on_map).collect()
}

fn node(kind: Kind, name: impl Into<String>) -> Node {
    Node { kind, name: name.into(), commands: Vec::new(), events: Vec::new() }
}

fn context(described: &Description, sagas: &[SagaOnMap]) -> Context {
    let contracts = described.accepts.iter().map(|contract| Node {
        commands: contract.commands.clone(),
        ..node(Kind::Contract, contract.aggregate)
    });
    let reactions = described.reactions.iter().map(|reaction| {
        let kind = if reaction.kind == "effect" { Kind::Effect } else { Kind::Policy };
        node(kind, reaction.name)
    });
    let sagas = sagas
        .iter()
        .map(|saga| Node { commands: saga.steps.clone(), ..node(Kind::Saga, saga.name.as_str()) });
    let things = described.aggregates.iter().map(|aggregate| Node {
        commands: aggregate.commands.iter().map(|name| words(name)).collect(),
        events: aggregate.events.iter().map(|event| event.event_type.clone()).collect(),
        ..node(Kind::Aggregate, aggregate.kind)
    });
    let views = described.views.iter().map(|view| node(Kind::View, view.view));
    let feed = (!described.publishes.is_empty()).then(|| Node {
        events: described
            .publishes
            .iter()
            .flat_map(|public| public.events.iter().map(|event| event.event_type.clone()))
            .collect(),
        ..node(Kind::Feed, described.service.as_str())
    });
    Context {
        name: described.service.clone(),
        doors: contracts.chain(reactions).chain(sagas).collect(),
        things: things.collect(),
        shown: feed.into_iter().chain(views).collect(),
    }
}

/// A command's name as it is said: `PlaceOrder` as `place order`.
fn words(name: &str) -> String {
    let mut said = String::with_capacity(name.len() + 4);
    for (at, character) in name.char_indices() {
        if character.is_uppercase() && at > 0 {
            said.push(' ');
        }
        said.extend(character.to_lowercase());
    }
    said
}
