//! What is parked, over the admin port: looked at, tried again, skipped, edited.
//!
//! Views, policies and effects are all asked the same way. A view's event is never edited: the
//! view would no longer be what a replay makes of its log.

mod doing;
mod listing;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use ondol_http::{Json, Problem};
use ondol_kernel::NameError;
use ondol_runtime::Running;
use ondol_views::{Unit, UnitError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A parked stream or document, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedBody {
    pub(crate) service: String,
    /// The view, policy or effect.
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) source: String,
    pub(crate) position: u64,
    pub(crate) reason: String,
    pub(crate) tries: u32,
    pub(crate) since: String,
    pub(crate) waiting: u64,
    /// Whether more wait than are counted.
    pub(crate) and_more: bool,
}

/// What is to be done with what is parked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MendBody {
    pub(crate) unit: String,
    /// Who decides.
    pub(crate) by: String,
    #[serde(rename = "do")]
    pub(crate) what: Mend,
    /// The data that takes the place of the event's, to edit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

/// What can be done with what is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mend {
    Retry,
    Skip,
    Edit,
}

/// What came of it: what is in the way now, if anything still is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MendedBody {
    pub(crate) parked: Option<ParkedBody>,
}

#[derive(Debug, Deserialize)]
struct Which {
    unit: String,
}

/// Why what was asked cannot be done as it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskedError {
    #[error(transparent)]
    Unit(#[from] UnitError),
    #[error(transparent)]
    By(#[from] NameError),
    #[error("there is no view, policy or effect {0:?}")]
    Unknown(String),
    #[error("to edit an event takes the data that is to take its place")]
    NoData,
    #[error("the event of a view is not edited: it would not be what a replay makes of its log")]
    View,
}

impl AskedError {
    /// The page in docs/errors.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unit(_) | Self::By(_) | Self::Unknown(_) | Self::NoData | Self::View => {
                "parked-question"
            }
        }
    }
}

type Services = State<Arc<[Running]>>;

/// The routes of the admin port.
pub(crate) fn router(services: &[Running]) -> Router {
    Router::new()
        .route("/parked", get(list))
        .route("/parked/{service}/{name}", get(show).post(mend))
        .with_state(services.to_vec().into())
}

async fn list(State(services): Services) -> Result<Json<Vec<ParkedBody>>, Problem> {
    let mut all = Vec::new();
    for running in services.iter() {
        all.extend(listing::of(running).await.map_err(|error| failed(&error))?);
    }
    Ok(Json(all))
}

async fn show(
    State(services): Services,
    Path((service, name)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let running = found(&services, &service)?;
    let unit: Unit = which.unit.parse().map_err(|error: UnitError| refused(&error.into()))?;
    let control = running.reaction(&name).map_err(|_no| refused(&AskedError::Unknown(name)))?;
    let shown = control.show(&unit).await.map_err(|error| doing::problem(&error))?;
    Ok(Json(listing::shown(&service, control.name(), &shown)))
}

async fn mend(
    State(services): Services,
    Path((service, name)): Path<(String, String)>,
    Json(asked): Json<MendBody>,
) -> Result<Json<MendedBody>, Problem> {
    let running = found(&services, &service)?;
    let parked = doing::mend(running, &name, asked).await?;
    let told = parked.map(|parked| listing::told(&service, &name, &parked));
    Ok(Json(MendedBody { parked: told }))
}

fn found<'a>(services: &'a [Running], name: &str) -> Result<&'a Running, Problem> {
    let found = services.iter().find(|running| running.description().service == name);
    found.ok_or_else(Problem::nothing_by_that_name)
}

fn refused(error: &AskedError) -> Problem {
    doing::unprocessable(error.code(), &error.to_string())
}

fn failed(error: &dyn std::error::Error) -> Problem {
    doing::unavailable("reaction-book", &ondol_runtime::error_chain(error))
}
