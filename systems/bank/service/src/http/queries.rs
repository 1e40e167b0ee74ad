//! What can be asked about accounts.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bank_domain::CustomerId;
use http::header::ETAG;
use ondol_http::{
    After, AsOfAsked, Happened, Json, Live, LiveAsked, OrProblem, PageAsked, Path, Problem, Query,
    Waits, ask_problem, etag, live, load_problem, wait_after,
};
use ondol_kernel::Version;
use ondol_runtime::{FoundPage, Question};
use serde::Deserialize;

use super::{AccountBody, At, BalanceBody, BalancePage, LineBody, LinePage, Teller};
use crate::views::keys_of;

/// An account as it stands, or as it stood at a moment.
#[utoipa::path(
    get,
    path = "/accounts/{account}",
    params(
        At,
        ("as_of" = Option<String>, Query, description = "A version, position:N, or a time"),
    ),
    responses(
        (status = 200, body = AccountBody, description = "ETag is the version"),
        OrProblem,
    ),
)]
pub(super) async fn account(
    State(teller): State<Teller>,
    Path(At { account }): Path<At>,
    AsOfAsked(as_of): AsOfAsked,
) -> Result<impl IntoResponse, Problem> {
    let key = account.to_string();
    let standing = match as_of {
        Some(moment) => teller.desk.state_at(&key, moment).await,
        None => teller.desk.standing(&key).await,
    };
    let standing = standing.map_err(|error| load_problem(&error))?;
    if standing.version == Version::EMPTY {
        return Err(Problem::nothing_by_that_name());
    }
    let body = AccountBody::of(&standing.state, standing.version.get());
    Ok(([(ETAG, etag(standing.version))], Json(body)))
}

/// What has happened to an account, from an event on.
#[utoipa::path(
    get,
    path = "/accounts/{account}/history",
    params(
        At,
        ("after" = Option<String>, Query, description = "After which event"),
        ("limit" = Option<u32>, Query, description = "At most so many, 200 at the most"),
    ),
    responses(
        (status = 200, body = Vec<Happened>),
        OrProblem,
    ),
)]
pub(super) async fn history(
    State(teller): State<Teller>,
    Path(At { account }): Path<At>,
    page: PageAsked,
) -> Result<Json<Vec<Happened>>, Problem> {
    let after = match page.after.as_deref() {
        None => Version::EMPTY,
        Some(text) => Version::new(text.parse().map_err(|_no_number| Problem::no_such_page())?),
    };
    let events = teller.desk.history(&account.to_string(), after.next(), page.limit).await;
    let events = events.map_err(|error| load_problem(&error))?;
    Ok(Json(events.iter().map(Happened::of).collect()))
}

/// What happens to an account, told as it happens, for as long as the client listens. The id of
/// an event is what to begin after next time.
#[utoipa::path(
    get,
    path = "/accounts/{account}/events",
    params(
        At,
        ("after" = Option<String>, Query, description = "After which event: its id or number"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, of one who comes again"),
    ),
    responses(
        (status = 200, body = Happened, content_type = "text/event-stream"),
        OrProblem,
    ),
)]
pub(super) async fn events(
    State(teller): State<Teller>,
    Path(At { account }): Path<At>,
    asked: LiveAsked,
    room: Live,
) -> Result<Response, Problem> {
    live(&teller.desk, &account.to_string(), asked, room).await
}

/// The balance of an account.
#[utoipa::path(
    get,
    path = "/accounts/{account}/balance",
    params(
        At,
        Waits,
    ),
    responses(
        (status = 200, body = BalanceBody),
        OrProblem,
    ),
)]
pub(super) async fn balance(
    State(teller): State<Teller>,
    Path(At { account }): Path<At>,
    after: After,
) -> Result<Json<BalanceBody>, Problem> {
    wait_after(&teller.balances, after).await?;
    let found = teller.balances.get(&account.to_string()).await;
    let found = found.map_err(|error| ask_problem(&error))?;
    let found = found.ok_or_else(Problem::nothing_by_that_name)?;
    Ok(Json(BalanceBody::of(found.key.to_string(), &found.state)))
}

/// The statement of an account, the newest line first.
#[utoipa::path(
    get,
    path = "/accounts/{account}/statement",
    params(
        At,
        ("after" = Option<String>, Query, description = "What the page before has named as next"),
        ("limit" = Option<u32>, Query, description = "At most so many, 200 at the most"),
        Waits,
    ),
    responses(
        (status = 200, body = LinePage),
        OrProblem,
    ),
)]
pub(super) async fn statement(
    State(teller): State<Teller>,
    Path(At { account }): Path<At>,
    page: PageAsked,
    after: After,
) -> Result<Json<LinePage>, Problem> {
    wait_after(&teller.lines, after).await?;
    let question = Question::keys_beginning_with(&keys_of(&account.to_string()), page.limit);
    let found = teller.lines.ask(question.descending().after(page.after)).await;
    let FoundPage { documents, next } = found.map_err(|error| ask_problem(&error))?;
    let items = documents.into_iter().map(|found| LineBody::from(found.state)).collect();
    Ok(Json(LinePage { items, next }))
}

/// Which accounts are asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    owner: Option<CustomerId>,
}

/// The balances of all accounts, or of one customer's.
#[utoipa::path(
    get,
    path = "/accounts",
    params(
        ("owner" = Option<String>, Query, description = "Whose accounts"),
        ("after" = Option<String>, Query, description = "What the page before has named as next"),
        ("limit" = Option<u32>, Query, description = "At most so many, 200 at the most"),
        Waits,
    ),
    responses(
        (status = 200, body = BalancePage),
        OrProblem,
    ),
)]
pub(super) async fn list(
    State(teller): State<Teller>,
    Query(whose): Query<Whose>,
    page: PageAsked,
    after: After,
) -> Result<Json<BalancePage>, Problem> {
    wait_after(&teller.balances, after).await?;
    let question = match whose.owner {
        Some(owner) => Question::equal("owner", &owner.into(), page.limit),
        None => Question::all(page.limit),
    };
    let found = teller.balances.ask(question.after(page.after)).await;
    let FoundPage { documents, next } = found.map_err(|error| ask_problem(&error))?;
    let item =
        |found: ondol_runtime::Found<_>| BalanceBody::of(found.key.to_string(), &found.state);
    Ok(Json(BalancePage { items: documents.into_iter().map(item).collect(), next }))
}
