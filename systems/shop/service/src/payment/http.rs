//! What those who run the shop can ask about payments.

use axum::extract::State;
use ondol_auth::Required;
use ondol_domain::IndexValue;
use ondol_http::{Json, PageAsked, Problem, ProblemBody, ask_problem};
use ondol_kernel::{Money, Timestamp};
use ondol_runtime::{Question, ViewReader};
use serde::Serialize;
use utoipa::ToSchema;

use super::Waiting;
use crate::access::Ops;

/// A charge that waits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct WaitingBody {
    /// Of which order.
    order: String,
    /// How much.
    #[schema(value_type = Option<Object>)]
    amount: Option<Money>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
}

/// A part of the charges that wait.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct WaitingPage {
    /// The charges.
    items: Vec<WaitingBody>,
    /// What to ask for after these; nothing, when these are the last.
    next: Option<String>,
}

/// The charges that wait for the provider to be back, the longest first.
#[utoipa::path(
    get,
    path = "/api/v1/payments/waiting",
    params(
        ("after" = Option<String>, Query, description = "What the page before has named as next"),
        ("limit" = Option<u32>, Query, description = "At most so many, 200 at the most"),
    ),
    responses(
        (status = 200, body = WaitingPage),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn waiting(
    _ops: Required<Ops>,
    State(waiting): State<ViewReader<Waiting>>,
    page: PageAsked,
) -> Result<Json<WaitingPage>, Problem> {
    let (first, last) = (Timestamp::EPOCH.into(), IndexValue::Number(i64::MAX));
    let question = Question::between("since", &first, &last, page.limit).after(page.after);
    let found = waiting.ask(question).await.map_err(|error| ask_problem(&error))?;
    let items = found.documents.into_iter().map(|found| WaitingBody {
        order: found.key.to_string(),
        amount: found.state.amount,
        since: found.state.since,
    });
    Ok(Json(WaitingPage { items: items.collect(), next: found.next }))
}
