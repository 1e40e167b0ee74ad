//! What the mover answers over HTTP.

use axum::extract::State;
use ondol::{Desk, NotPart, OpenApiRouter, Running, routes, saga_problem, start_problem};
use ondol_bus::About;
use ondol_http::{Accepted, Asked, Json, Path, Problem, command, load_problem};
use ondol_saga::{Sagas, saga_stream};

use crate::Move;
use crate::van::{Command, Van};

/// What the saga is called.
const SAGA: &str = "house.move";

#[utoipa::path(post, path = "/moves/{job}/{van}/{needs}", responses((status = 200)))]
async fn begin(
    State(sagas): State<Sagas>,
    Path((job, van, needs)): Path<(String, String, String)>,
    Asked(request): Asked,
) -> Result<Json<String>, Problem> {
    let one = Move { job, van, needs };
    let started = sagas.start(SAGA, &one, &About::new(request.command)).await;
    Ok(Json(started.map_err(|error| start_problem(&error))?.stream.to_string()))
}

#[utoipa::path(get, path = "/moves/{job}", responses((status = 200, body = String)))]
async fn look(
    State(sagas): State<Sagas>,
    Path(job): Path<String>,
) -> Result<Json<String>, Problem> {
    let missing = |_no_name| Problem::nothing_by_that_name();
    let stream = saga_stream(SAGA, &job).map_err(missing)?;
    let found = sagas.find(&stream).await.map_err(|error| saga_problem(&error))?;
    let found = found.ok_or_else(Problem::nothing_by_that_name)?;
    Ok(Json(found.state().name().to_owned()))
}

#[utoipa::path(post, path = "/vans/{van}/{what}", responses((status = 200)))]
async fn order(
    State(desk): State<Desk<Van>>,
    Path((van, what)): Path<(String, String)>,
    asked: Asked,
) -> Result<Accepted, Problem> {
    let ask = match what.as_str() {
        "break" => Command::Break,
        "repair" => Command::Repair,
        _ => return Err(Problem::nothing_by_that_name()),
    };
    command(&desk, &van, ask, &asked).await
}

#[utoipa::path(post, path = "/vans/{van}/key/{job}", responses((status = 200)))]
async fn key(
    State(desk): State<Desk<Van>>,
    Path((van, job)): Path<(String, String)>,
    asked: Asked,
) -> Result<Accepted, Problem> {
    command(&desk, &van, Command::HandOverKey { job }, &asked).await
}

#[utoipa::path(get, path = "/vans/{van}", responses((status = 200, body = Vec<String>)))]
async fn van(
    State(desk): State<Desk<Van>>,
    Path(van): Path<String>,
) -> Result<Json<Vec<String>>, Problem> {
    let standing = desk.standing(&van).await.map_err(|error| load_problem(&error))?;
    Ok(Json(standing.state.loaded.into_iter().collect()))
}

pub(crate) fn moves(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let moves = OpenApiRouter::new().routes(routes!(begin)).routes(routes!(look));
    let moves = moves.with_state(running.companion::<Sagas>()?);
    let vans =
        OpenApiRouter::new().routes(routes!(order)).routes(routes!(key)).routes(routes!(van));
    Ok(moves.merge(vans.with_state(running.desk::<Van>()?)))
}
