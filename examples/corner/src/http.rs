//! What the services answer over HTTP.

use axum::extract::State;
use ondol::{Desk, NotPart, OpenApiRouter, Running, routes};
use ondol_http::{Accepted, Asked, Json, Path, Problem, ask_problem, command, load_problem};
use ondol_runtime::ViewReader;
use serde::Serialize;
use utoipa::ToSchema;

use crate::notice::{Letter, Way};
use crate::order::{self, Order};
use crate::stock::{self, Shelf};

/// How something stands, in two numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Two {
    first: u32,
    second: u32,
}

type Answer = Result<Accepted, Problem>;
type Stands = Result<Json<Two>, Problem>;

#[utoipa::path(post, path = "/orders/{id}/{item}/{pieces}", responses((status = 200)))]
async fn place(
    State(desk): State<Desk<Order>>,
    Path((id, item, pieces)): Path<(String, String, u32)>,
    asked: Asked,
) -> Answer {
    command(&desk, &id, order::Command::Place { item, pieces }, &asked).await
}

#[utoipa::path(get, path = "/orders/{id}", responses((status = 200, body = Two)))]
async fn order(State(desk): State<Desk<Order>>, Path(id): Path<String>) -> Stands {
    let standing = desk.standing(&id).await.map_err(|error| load_problem(&error))?;
    Ok(Json(Two { first: standing.state.pieces, second: standing.state.confirmed }))
}

#[utoipa::path(get, path = "/orders/{id}/cancelled", responses((status = 200, body = u32)))]
async fn cancelled(
    State(desk): State<Desk<Order>>,
    Path(id): Path<String>,
) -> Result<Json<u32>, Problem> {
    let standing = desk.standing(&id).await.map_err(|error| load_problem(&error))?;
    Ok(Json(standing.state.cancelled))
}

#[utoipa::path(post, path = "/shelves/{item}/{pieces}", responses((status = 200)))]
async fn fill(
    State(desk): State<Desk<Shelf>>,
    Path((item, pieces)): Path<(String, u32)>,
    asked: Asked,
) -> Answer {
    command(&desk, &item, stock::Command::Fill { pieces }, &asked).await
}

#[utoipa::path(get, path = "/shelves/{item}", responses((status = 200, body = Two)))]
async fn shelf(State(desk): State<Desk<Shelf>>, Path(item): Path<String>) -> Stands {
    let standing = desk.standing(&item).await.map_err(|error| load_problem(&error))?;
    Ok(Json(Two { first: standing.state.left, second: standing.state.reserved }))
}

#[utoipa::path(get, path = "/letters/{order}", responses((status = 200, body = u32)))]
async fn letter(
    State(desk): State<Desk<Letter>>,
    Path(order): Path<String>,
) -> Result<Json<u32>, Problem> {
    let standing = desk.standing(&order).await.map_err(|error| load_problem(&error))?;
    Ok(Json(standing.state.copies))
}

#[utoipa::path(get, path = "/ways/{order}", responses((status = 200, body = Two)))]
async fn way(State(ways): State<ViewReader<Way>>, Path(order): Path<String>) -> Stands {
    let found = ways.get(&order).await.map_err(|error| ask_problem(&error))?;
    let way = found.map(|found| found.state).unwrap_or_default();
    Ok(Json(Two { first: way.ordered, second: way.reserved }))
}

pub(crate) fn orders(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let routes = OpenApiRouter::new().routes(routes!(place)).routes(routes!(order));
    let routes = routes.routes(routes!(cancelled));
    Ok(routes.with_state(running.desk::<Order>()?))
}

pub(crate) fn stocks(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let routes = OpenApiRouter::new().routes(routes!(fill)).routes(routes!(shelf));
    Ok(routes.with_state(running.desk::<Shelf>()?))
}

pub(crate) fn notices(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let letters = OpenApiRouter::new().routes(routes!(letter));
    let letters = letters.with_state(running.desk::<Letter>()?);
    let ways = OpenApiRouter::new().routes(routes!(way)).with_state(running.view::<Way>()?);
    Ok(letters.merge(ways))
}
