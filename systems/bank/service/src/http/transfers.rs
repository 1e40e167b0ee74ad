//! Transfers over HTTP: begun, and looked at. One that was begun ends, whatever happens: done, or
//! taken back.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bank_domain::TransferId;
use bank_domain::transfer::Transfer;
use http::StatusCode;
use http::header::LOCATION;
use ondol::{OpenApiRouter, Running, routes, saga_problem, start_problem};
use ondol_bus::About;
use ondol_http::{Asked, Json, Path, Problem, ProblemBody};
use ondol_kernel::{Id, Money};
use ondol_runtime::NotPart;
use ondol_saga::{Instance, Sagas, saga_stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AccountId, Amount};

/// What the saga is called.
const SAGA: &str = "bank.transfer";

/// To move money.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// From which current account.
    #[schema(value_type = String, format = Uuid)]
    pub from: AccountId,
    /// To which savings account.
    #[schema(value_type = String, format = Uuid)]
    pub to: AccountId,
    /// How much.
    #[schema(value_type = Amount)]
    pub amount: Money,
}

/// A transfer as it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferBody {
    /// Which one.
    #[schema(value_type = String, format = Uuid)]
    pub id: TransferId,
    /// `running`, `unwinding`, `stuck`, `completed` or `compensated`.
    pub state: &'static str,
    /// At which step it stands, while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Why it was, or is being, taken back; or why it does not get on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// From which account.
    pub from: String,
    /// To which.
    pub to: String,
    /// How much.
    #[schema(value_type = Amount)]
    pub amount: Money,
    /// The flow by which everything that belongs to it is found.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub flow: Option<ondol_kernel::CorrelationId>,
}

/// The routes of transfers.
///
/// # Errors
/// When the service lacks a part that they need.
pub fn transfers(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let routes = OpenApiRouter::new().routes(routes!(begin)).routes(routes!(look));
    Ok(routes.with_state(running.companion::<Sagas>()?))
}

/// Begins a transfer. Its number follows from the request's key: asked again, it is the same one.
#[utoipa::path(
    post,
    path = "/transfers",
    operation_id = "begin_transfer",
    params(("Idempotency-Key" = String, Header, description = "The request's own key")),
    request_body = Sending,
    responses(
        (status = 202, body = TransferBody, description = "It has begun; Location says where"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn begin(
    State(sagas): State<Sagas>,
    Asked(request): Asked,
    Json(body): Json<Sending>,
) -> Result<Response, Problem> {
    let id: TransferId = Id::derived(request.command, "transfer");
    let (from, to) = (body.from.to_string(), body.to.to_string());
    let transfer = Transfer { id, from, to, amount: body.amount };
    let about = About {
        actor: request.actor.clone(),
        tenant: request.tenant.clone(),
        traceparent: request.traceparent,
        ..About::new(request.command)
    };
    let started = sagas.start(SAGA, &transfer, &about).await;
    started.map_err(|error| start_problem(&error))?;
    let body = found(&sagas, id).await?;
    Ok((StatusCode::ACCEPTED, [(LOCATION, format!("/transfers/{id}"))], Json(body)).into_response())
}

/// A transfer as it stands.
#[utoipa::path(
    get,
    path = "/transfers/{transfer}",
    operation_id = "transfer",
    params(("transfer" = String, Path, description = "The transfer's number")),
    responses(
        (status = 200, body = TransferBody),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn look(
    State(sagas): State<Sagas>,
    Path(id): Path<TransferId>,
) -> Result<Json<TransferBody>, Problem> {
    found(&sagas, id).await.map(Json)
}

async fn found(sagas: &Sagas, id: TransferId) -> Result<TransferBody, Problem> {
    let missing = |_no_name| Problem::nothing_by_that_name();
    let stream = saga_stream(SAGA, &id.to_string()).map_err(missing)?;
    let instance = sagas.find(&stream).await.map_err(|error| saga_problem(&error))?;
    let instance = instance.ok_or_else(Problem::nothing_by_that_name)?;
    TransferBody::of(&instance).map_err(|_unreadable| Problem::internal())
}

impl TransferBody {
    /// A transfer by what its saga knows.
    ///
    /// # Errors
    /// When the saga knows something else.
    pub fn of(instance: &Instance) -> Result<Self, serde_json::Error> {
        let Transfer { id, from, to, amount, .. } = instance.data.read()?;
        Ok(Self {
            id,
            state: instance.state().name(),
            step: instance.at().map(str::to_owned),
            because: instance.because().map(str::to_owned),
            from,
            to,
            amount,
            flow: instance.correlation,
        })
    }
}
