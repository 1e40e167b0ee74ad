//! What can be ordered of views, by whoever operates them: the same at the admin port of a process
//! that runs and in a process that has opened the service for nothing else.

mod told;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use http::StatusCode;
use ondol_http::{Json, Problem};
use ondol_runtime::{Running, ViewControl, error_chain};
use ondol_views::{
    DocumentKey, Extent, FollowError, LoadError, NameError, OrderError, RepairError, ViewId,
    ViewIdError, ViewStatus,
};
use serde::{Deserialize, Serialize};

use crate::config::nearest;

pub(crate) use told::{BuildBody, OrderedBody, VerifiedBody};

/// What is ordered of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OrderBody {
    /// A new build beside the one that answers.
    Rebuild,
    /// One document anew.
    RebuildKey { key: String },
    /// Another build answers: the one before, if none is named.
    Swap { build: Option<String> },
    /// A comparison with a replay: whole, or of so many documents.
    Verify { sample: Option<u64> },
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewOrderError {
    #[error("there is no view {name:?}{}", .suggestion.as_ref().map(|name| format!(", did you mean {name:?}?")).unwrap_or_default())]
    Unknown { name: String, suggestion: Option<String> },
    #[error("that is no key of a document")]
    Key(#[from] NameError),
    #[error("that is no build of a view")]
    Build(#[from] ViewIdError),
    #[error("there is no build of {view} but the one that answers")]
    NoOther { view: String },
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Repair(#[from] RepairError),
    #[error(transparent)]
    Follow(#[from] FollowError),
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl ViewOrderError {
    /// The page in docs/errors.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "app-unknown-name",
            Self::Key(_) | Self::Build(_) => "view-name",
            Self::NoOther { .. } => "view-no-other-build",
            Self::Order(error) => error.code(),
            Self::Repair(error) => error.code(),
            Self::Follow(error) => error.code(),
            Self::Load(error) => error.code(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown { .. } => StatusCode::NOT_FOUND,
            Self::Key(_)
            | Self::Build(_)
            | Self::NoOther { .. }
            | Self::Order(OrderError::Building { .. } | OrderError::Foreign { .. }) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Every build that is folded in a service.
pub(crate) fn builds(running: &Running) -> Vec<BuildBody> {
    let service = &running.description().service;
    let told = |standing: ondol_runtime::ViewStanding| {
        let builds = standing.builds.into_iter();
        builds.map(|build| BuildBody::of(service, &standing.view, &build)).collect::<Vec<_>>()
    };
    running.views().into_iter().flat_map(told).collect()
}

/// A view by its name.
pub(crate) fn known(running: &Running, view: &str) -> Result<Arc<dyn ViewControl>, ViewOrderError> {
    running.view_control(view).map_err(|_no_such_view| {
        let known = running.description().views.iter().map(|view| view.view);
        ViewOrderError::Unknown { name: view.to_owned(), suggestion: nearest(view, known) }
    })
}

/// Carries out an order.
pub(crate) async fn order(
    running: &Running,
    view: &str,
    order: OrderBody,
) -> Result<OrderedBody, ViewOrderError> {
    let control = known(running, view)?;
    match order {
        OrderBody::Rebuild => Ok(OrderedBody::build(&control.rebuild().await?)),
        OrderBody::RebuildKey { key } => {
            let repaired = control.rebuild_key(DocumentKey::new(&*key)?).await?;
            let parked = repaired.parked.map(|parked| parked.reason);
            Ok(OrderedBody { parked, ..OrderedBody::default() })
        }
        OrderBody::Swap { build } => {
            let build = match build {
                Some(build) => build.parse()?,
                None => other_build(running, view).await?,
            };
            control.serve(build.clone()).await?;
            Ok(OrderedBody::build(&build))
        }
        OrderBody::Verify { sample } => {
            let seed = running.home().ground.rng.number();
            let sampled = |documents| Extent::Sample { documents, seed };
            let verified = control.verify(sample.map_or(Extent::Whole, sampled)).await?;
            let verified = Some(VerifiedBody::of(&verified));
            Ok(OrderedBody { verified, ..OrderedBody::default() })
        }
    }
}

/// The build before the one that answers, of the same version; or else the one after it.
async fn other_build(running: &Running, view: &str) -> Result<ViewId, ViewOrderError> {
    let listed = running.home().views.list().await?;
    let of_view = |status: &&ViewStatus| status.definition.id.name.as_str() == view;
    let serving = listed.iter().filter(of_view).find(|status| status.is_serving);
    let serving = serving.map(|status| status.definition.id.clone());
    let others = listed.iter().filter(of_view).map(|status| &status.definition.id);
    let others: Vec<_> = others
        .filter(|id| serving.as_ref().is_some_and(|one| one.version == id.version && one != *id))
        .collect();
    let before = others.iter().filter(|id| Some(**id) < serving.as_ref()).max();
    let other = before.or_else(|| others.iter().min());
    other.map(|id| (*id).clone()).ok_or_else(|| ViewOrderError::NoOther { view: view.to_owned() })
}

type Services = State<Arc<[Running]>>;

/// The routes of the admin port.
pub(crate) fn router(services: &[Running]) -> Router {
    Router::new()
        .route("/views", get(list))
        .route("/views/{service}/{view}", post(ordered))
        .with_state(services.to_vec().into())
}

async fn list(State(services): Services) -> Json<Vec<BuildBody>> {
    Json(services.iter().flat_map(builds).collect())
}

async fn ordered(
    State(services): Services,
    Path((service, view)): Path<(String, String)>,
    Json(asked): Json<OrderBody>,
) -> Result<Json<OrderedBody>, Problem> {
    let running = services.iter().find(|running| running.description().service == service);
    let running = running.ok_or_else(Problem::nothing_by_that_name)?;
    tracing::info!(service, view, ?asked, "an operator orders something of a view");
    let done = order(running, &view, asked).await;
    done.map(Json).map_err(|error| {
        let title = "What was ordered was not done.";
        Problem::new(error.status(), error.code(), title).detail(&error_chain(&error))
    })
}
