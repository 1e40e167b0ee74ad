//! Savings accounts over HTTP: opened, and looked at. Money comes in by transfers alone.

use axum::extract::State;
use axum::response::IntoResponse;
use bank_domain::account::{Account, Command};
use http::header::ETAG;
use ondol::{OpenApiRouter, Running, routes};
use ondol_http::{
    Accepted, Asked, Done, Happened, Json, PageAsked, Path, Problem, ProblemBody, command, etag,
    load_problem,
};
use ondol_kernel::Version;
use ondol_runtime::{Desk, NotPart};

use super::{AccountBody, AccountId, Opening};

/// The routes of savings accounts.
///
/// # Errors
/// When the service lacks a part that they need.
pub fn savings(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let routes = OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(account))
        .routes(routes!(history));
    Ok(routes.with_state(running.desk::<Account>()?))
}

/// Opens a savings account. Its number follows from the request's key: asked again, it is the same.
#[utoipa::path(
    post,
    path = "/savings",
    operation_id = "open_savings",
    params(("Idempotency-Key" = String, Header, description = "The request's own key")),
    request_body = Opening,
    responses(
        (status = 201, body = Done, description = "It is open; Location says where it is"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn open(
    State(desk): State<Desk<Account>>,
    asked: Asked,
    Json(body): Json<Opening>,
) -> Result<Accepted, Problem> {
    let account = AccountId::derived(asked.0.command, "account");
    let ask = Command::Open { owner: body.owner, currency: body.currency };
    let accepted = command(&desk, &account.to_string(), ask, &asked).await?;
    Ok(accepted.created(format!("/savings/{account}")))
}

/// A savings account as it stands.
#[utoipa::path(
    get,
    path = "/savings/{account}",
    operation_id = "savings_account",
    params(("account" = String, Path, description = "The account's number")),
    responses(
        (status = 200, body = AccountBody, description = "ETag is the version"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn account(
    State(desk): State<Desk<Account>>,
    Path(account): Path<AccountId>,
) -> Result<impl IntoResponse, Problem> {
    let standing = desk.standing(&account.to_string()).await;
    let standing = standing.map_err(|error| load_problem(&error))?;
    if standing.version == Version::EMPTY {
        return Err(Problem::nothing_by_that_name());
    }
    let body = AccountBody::of(&standing.state, standing.version.get());
    Ok(([(ETAG, etag(standing.version))], Json(body)))
}

/// What has happened to a savings account, from an event on.
#[utoipa::path(
    get,
    path = "/savings/{account}/history",
    operation_id = "savings_history",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("after" = Option<String>, Query, description = "After which event"),
        ("limit" = Option<u32>, Query, description = "At most so many, 200 at the most"),
    ),
    responses(
        (status = 200, body = Vec<Happened>),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn history(
    State(desk): State<Desk<Account>>,
    Path(account): Path<AccountId>,
    page: PageAsked,
) -> Result<Json<Vec<Happened>>, Problem> {
    let after = match page.after.as_deref() {
        None => Version::EMPTY,
        Some(text) => Version::new(text.parse().map_err(|_no_number| Problem::no_such_page())?),
    };
    let events = desk.history(&account.to_string(), after.next(), page.limit).await;
    let events = events.map_err(|error| load_problem(&error))?;
    Ok(Json(events.iter().map(Happened::of).collect()))
}
