//! A pantry of jars: a small app to be run.

use axum::extract::State;
use ondol::{App, Http, NotPart, OpenApiRouter, Running, Service, routes};
use ondol_domain::{Aggregate, Decision, Facts, Impossible, Keys, View, accept, refuse};
use ondol_http::{Accepted, After, Asked, Json, Path, Problem, ask_problem, command, wait_after};
use ondol_kernel::Recorded;
use ondol_runtime::{Desk, ViewReader};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Jar(pub(crate) u32);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Ask {
    Put(u32),
    Eat,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    Filled(u32),
    Eaten,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum Refusal {
    #[error("the jar is empty")]
    Empty,
}

/// More than anybody counts: the view knows no such number.
pub(crate) const UNCOUNTED: u32 = 1_000;

impl Facts for Event {
    const KIND: &'static str = Jar::KIND;
}

impl Aggregate for Jar {
    const KIND: &'static str = "jar";
    type Command = Ask;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, ask: Ask) -> Decision<Self> {
        match ask {
            Ask::Put(sweets) => accept(Event::Filled(sweets)),
            Ask::Eat if self.0 > 0 => accept(Event::Eaten),
            Ask::Eat => refuse(Refusal::Empty),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        let sweets = match event {
            Event::Filled(sweets) => self.0.checked_add(*sweets),
            Event::Eaten => self.0.checked_sub(1),
        };
        sweets.map(Self).ok_or_else(|| Impossible::new(&self, event))
    }
}

/// How many sweets are in each jar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) sweets: u32,
}

impl View for Totals {
    const NAME: &'static str = "totals";
    const VERSION: u32 = 1;
    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        match event.data {
            Event::Filled(sweets) => self.sweets += sweets,
            Event::Eaten => self.sweets -= 1,
        }
        assert!(self.sweets < UNCOUNTED, "nobody counts so many");
    }
}

#[derive(Debug, Clone)]
struct Pantry {
    desk: Desk<Jar>,
    totals: ViewReader<Totals>,
}

#[utoipa::path(post, path = "/jars/{jar}/eat", responses((status = 200)))]
async fn eat(
    State(pantry): State<Pantry>,
    Path(jar): Path<String>,
    asked: Asked,
) -> Result<Accepted, Problem> {
    command(&pantry.desk, &jar, Ask::Eat, &asked).await
}

#[utoipa::path(get, path = "/jars/{jar}", responses((status = 200, body = u32)))]
async fn look(
    State(pantry): State<Pantry>,
    Path(jar): Path<String>,
    after: After,
) -> Result<Json<u32>, Problem> {
    wait_after(&pantry.totals, after).await?;
    let found = pantry.totals.get(&jar).await.map_err(|error| ask_problem(&error))?;
    Ok(Json(found.ok_or_else(Problem::nothing_by_that_name)?.state.sweets))
}

fn jars(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let pantry = Pantry { desk: running.desk()?, totals: running.view()? };
    Ok(OpenApiRouter::new().routes(routes!(eat)).routes(routes!(look)).with_state(pantry))
}

pub(crate) fn app() -> App {
    let jars = Service::named("pantry.jars").aggregate::<Jar>().view::<Totals>().http(jars);
    App::named("pantry").service(jars)
}
