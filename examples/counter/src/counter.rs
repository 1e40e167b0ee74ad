//! The smallest service: a counter that goes up, and down to nought.
use axum::extract::State;
use ondol::{App, Desk, Http, OpenApiRouter, Running, Service, routes};
use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, refuse};
use ondol_http::{Accepted, Asked, Json, Path, Problem, command, load_problem};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ask {
    Up,
    Down,
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    WentUp,
    WentDown,
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum No {
    #[error("the counter is at nought")]
    AtNought,
}
#[derive(Debug, Clone, Default)]
struct Counter(u64);
impl Facts for Event {
    const KIND: &'static str = Counter::KIND;
}
impl Aggregate for Counter {
    const KIND: &'static str = "counter";
    type Command = Ask;
    type Event = Event;
    type Refusal = No;
    fn decide(&self, ask: Ask) -> Decision<Self> {
        match ask {
            Ask::Up => accept(Event::WentUp),
            Ask::Down if self.0 > 0 => accept(Event::WentDown),
            Ask::Down => refuse(No::AtNought),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        let moved = match event {
            Event::WentUp => self.0.checked_add(1),
            Event::WentDown => self.0.checked_sub(1),
        };
        moved.map(Self).ok_or_else(|| Impossible::new(&self, event))
    }
}

#[utoipa::path(post, path = "/{name}/{way}", responses((status = 200), (status = 422)))]
async fn go(State(desk): Desks, Path((name, way)): Path<(String, Ask)>, asked: Asked) -> Answer {
    command(&desk, &name, way, &asked).await
}

#[utoipa::path(get, path = "/{name}", responses((status = 200, body = u64)))]
async fn look(State(desk): Desks, Path(name): Path<String>) -> Result<Json<u64>, Problem> {
    let standing = desk.standing(&name).await.map_err(|error| load_problem(&error))?;
    Ok(Json(standing.state.0))
}

type Desks = State<Desk<Counter>>;
type Answer = Result<Accepted, Problem>;

fn app() -> App {
    let service = Service::named("counter").aggregate::<Counter>().http(|running: &Running| {
        let routes = OpenApiRouter::new().routes(routes!(go)).routes(routes!(look));
        Ok(routes.with_state(running.desk::<Counter>()?))
    });
    App::named("counter").service(service)
}

fn main() -> ExitCode {
    app().main()
}

#[cfg(test)]
mod tests;
