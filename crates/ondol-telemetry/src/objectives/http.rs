//! How objectives stand, and what nobody is told of, for operators.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use ondol_http::{Json, Problem, Query};
use serde::Deserialize;

use super::{Silence, SilenceError, Standing, Watch};

/// Minutes that a silence lasts if nobody says.
const MINUTES_USUAL: u64 = 60;

/// Somebody wants nobody to be told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Of which objective; of all, if none is named.
    objective: Option<String>,
    minutes: Option<u64>,
    who: String,
    why: String,
}

/// Of which objective somebody is told again; of none that was named, if none is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifted {
    objective: Option<String>,
}

/// `/objectives` and `/silences`.
pub(super) fn router(watch: &Watch) -> Router {
    Router::new()
        .route("/objectives", get(standings))
        .route("/silences", get(lasting).post(add).delete(lift))
        .with_state(watch.clone())
}

async fn standings(State(watch): State<Watch>) -> Json<Vec<Standing>> {
    Json(watch.standings())
}

async fn lasting(State(watch): State<Watch>) -> Json<Vec<Silence>> {
    Json(watch.silences().lasting(watch.now()))
}

async fn add(
    State(watch): State<Watch>,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, Json<Silence>), Problem> {
    let Wanted { objective, minutes, who, why } = wanted;
    if let Some(stranger) = objective.as_ref().filter(|name| !watch.knows(name)) {
        return Err(problem(&SilenceError::Objective(stranger.clone())));
    }
    let lasts =
        minutes.unwrap_or(MINUTES_USUAL).checked_mul(60).map(std::time::Duration::from_secs);
    let until = lasts.and_then(|lasts| watch.now().checked_add(lasts));
    let until = until.ok_or_else(|| problem(&SilenceError::Until))?;
    let silence = Silence { objective, until, who, why };
    watch.silences().add(silence.clone(), watch.now()).map_err(|error| problem(&error))?;
    Ok((StatusCode::CREATED, Json(silence)))
}

async fn lift(
    State(watch): State<Watch>,
    Query(lifted): Query<Lifted>,
) -> Result<StatusCode, Problem> {
    let lifted = watch.silences().lift(lifted.objective.as_deref());
    match lifted.map_err(|error| problem(&error))? {
        true => Ok(StatusCode::NO_CONTENT),
        false => {
            let title = "There is no such silence.";
            Err(Problem::new(StatusCode::NOT_FOUND, "objective-silence-unknown", title))
        }
    }
}

fn problem(error: &SilenceError) -> Problem {
    if let SilenceError::Keep(source) = error {
        tracing::error!(%source, "a silence cannot be kept");
        return Problem::internal();
    }
    let title = "Nobody is kept silent about that.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "objective-silence", title).detail(error)
}

#[cfg(test)]
mod tests;
