//! Orders to sagas over the admin port, while the service runs: resumed, retried, skipped,
//! cancelled, migrated.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use http::StatusCode;
use ondol_http::{Json, Problem};
use ondol_kernel::StreamId;
use ondol_runtime::{Running, error_chain};
use ondol_saga::{Order, OrderSagaError, SAGA_KIND, Sagas, TimelineEntry};
use serde::{Deserialize, Serialize};

const NOT_SO: &str = "What was ordered cannot be done as the saga stands.";
const NOT_NOW: &str = "It could not be done at the moment.";

/// What is to be done with a saga.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderBody {
    /// Which one: `NAME/IDENTITY`.
    pub(crate) saga: String,
    /// Who wants it.
    pub(crate) by: String,
    #[serde(rename = "do")]
    pub(crate) what: What,
}

/// What can be done with a saga.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Resume,
    Retry { step: String },
    Skip { step: String },
    Cancel { because: String },
    Migrate { steps: BTreeMap<String, String> },
}

impl OrderBody {
    /// Has it done. Answers what has happened to the saga last.
    pub(crate) async fn carry_out(
        self,
        sagas: &Sagas,
    ) -> Result<Option<TimelineEntry>, OrderSagaError> {
        let stream = stream_of(&self.saga)?;
        let by = self.by;
        let order = match self.what {
            What::Resume => Order::Resume { by },
            What::Retry { step } => Order::Retry { step, by },
            What::Skip { step } => Order::Skip { step, by },
            What::Cancel { because } => Order::Cancel { because, by },
            What::Migrate { steps } => {
                sagas.migrate(&stream, &steps, &by).await?;
                return Ok(sagas.timeline(&stream).await?.pop());
            }
        };
        sagas.order(&stream, order).await?;
        Ok(sagas.timeline(&stream).await?.pop())
    }
}

/// The stream of the saga that is called so on the command line.
pub(crate) fn stream_of(saga: &str) -> Result<StreamId, OrderSagaError> {
    let key = saga.strip_prefix("saga:").unwrap_or(saga);
    StreamId::new(SAGA_KIND, key).map_err(OrderSagaError::Name)
}

/// The routes of the admin port.
pub(crate) fn router(services: &[Running]) -> Router {
    Router::new()
        .route("/sagas/{service}", post(order))
        .with_state(Arc::<[Running]>::from(services.to_vec()))
}

async fn order(
    State(services): State<Arc<[Running]>>,
    Path(service): Path<String>,
    Json(asked): Json<OrderBody>,
) -> Result<Json<Option<TimelineEntry>>, Problem> {
    let running = services.iter().find(|running| running.description().service == service);
    let sagas = running.and_then(|running| running.companion::<Sagas>().ok());
    let sagas = sagas.ok_or_else(Problem::nothing_by_that_name)?;
    let (saga, by, what) = (&asked.saga, &asked.by, &asked.what);
    tracing::warn!(service, saga, by, ?what, "somebody gives an order to a saga");
    asked.carry_out(&sagas).await.map(Json).map_err(|error| problem(&error))
}

fn problem(error: &OrderSagaError) -> Problem {
    let (status, title) = match error {
        OrderSagaError::Missing { .. } | OrderSagaError::Name(_) => (StatusCode::NOT_FOUND, NOT_SO),
        OrderSagaError::Parked { .. }
        | OrderSagaError::Refused(_)
        | OrderSagaError::Misfit(_)
        | OrderSagaError::Next(_) => (StatusCode::UNPROCESSABLE_ENTITY, NOT_SO),
        _ => (StatusCode::SERVICE_UNAVAILABLE, NOT_NOW),
    };
    Problem::new(status, error.code(), title).detail(&error_chain(error))
}
