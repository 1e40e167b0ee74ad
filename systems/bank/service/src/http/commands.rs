//! What may be asked of an account. Each changes something, so each takes an `Idempotency-Key`;
//! with `If-Match`, only what the client has seen is changed.

use axum::extract::State;
use bank_domain::TransferId;
use bank_domain::account::Command;
use ondol_http::{Accepted, Asked, Done, Json, Path, Problem, ProblemBody, command};

use super::{AccountId, Freezing, Holding, Moving, Opening, Teller};

type Answer = Result<Accepted, Problem>;

impl Teller {
    async fn ask(&self, account: AccountId, asked: &Asked, ask: Command) -> Answer {
        command(&self.desk, &account.to_string(), ask, asked).await
    }
}

/// Opens an account. Its number follows from the request's key: asked again, it is the same.
#[utoipa::path(
    post,
    path = "/accounts",
    params(("Idempotency-Key" = String, Header, description = "The request's own key")),
    request_body = Opening,
    responses(
        (status = 201, body = Done, description = "It is open; Location says where it is"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn open(
    State(teller): State<Teller>,
    asked: Asked,
    Json(body): Json<Opening>,
) -> Answer {
    let account = AccountId::derived(asked.0.command, "account");
    let ask = Command::Open { owner: body.owner, currency: body.currency };
    let accepted = teller.ask(account, &asked, ask).await?;
    Ok(accepted.created(format!("/accounts/{account}")))
}

/// Pays money in.
#[utoipa::path(
    post,
    path = "/accounts/{account}/deposits",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    request_body = Moving,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn deposit(
    State(teller): State<Teller>,
    Path(account): Path<AccountId>,
    asked: Asked,
    Json(body): Json<Moving>,
) -> Answer {
    teller.ask(account, &asked, Command::Deposit { amount: body.amount }).await
}

/// Takes money out.
#[utoipa::path(
    post,
    path = "/accounts/{account}/withdrawals",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    request_body = Moving,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn withdraw(
    State(teller): State<Teller>,
    Path(account): Path<AccountId>,
    asked: Asked,
    Json(body): Json<Moving>,
) -> Answer {
    teller.ask(account, &asked, Command::Withdraw { amount: body.amount }).await
}

/// Promises money to a transfer.
#[utoipa::path(
    post,
    path = "/accounts/{account}/holds",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    request_body = Holding,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn hold(
    State(teller): State<Teller>,
    Path(account): Path<AccountId>,
    asked: Asked,
    Json(body): Json<Holding>,
) -> Answer {
    teller
        .ask(account, &asked, Command::Hold { transfer: body.transfer, amount: body.amount })
        .await
}

/// Stops money from leaving.
#[utoipa::path(
    post,
    path = "/accounts/{account}/freeze",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    request_body = Freezing,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn freeze(
    State(teller): State<Teller>,
    Path(account): Path<AccountId>,
    asked: Asked,
    Json(body): Json<Freezing>,
) -> Answer {
    teller.ask(account, &asked, Command::Freeze { because: body.because }).await
}

/// Lets go the money that was promised to a transfer.
#[utoipa::path(
    post,
    path = "/accounts/{account}/holds/{transfer}/settle",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("transfer" = String, Path, description = "The transfer's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn settle(
    State(teller): State<Teller>,
    Path((account, transfer)): Path<(AccountId, TransferId)>,
    asked: Asked,
) -> Answer {
    teller.ask(account, &asked, Command::Settle { transfer }).await
}

/// Takes back the promise made to a transfer.
#[utoipa::path(
    post,
    path = "/accounts/{account}/holds/{transfer}/release",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("transfer" = String, Path, description = "The transfer's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn release(
    State(teller): State<Teller>,
    Path((account, transfer)): Path<(AccountId, TransferId)>,
    asked: Asked,
) -> Answer {
    teller.ask(account, &asked, Command::Release { transfer }).await
}

/// Lets money leave again.
#[utoipa::path(
    post,
    path = "/accounts/{account}/unfreeze",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn unfreeze(
    State(teller): State<Teller>,
    Path(account): Path<AccountId>,
    asked: Asked,
) -> Answer {
    teller.ask(account, &asked, Command::Unfreeze).await
}

/// Closes it for good.
#[utoipa::path(
    post,
    path = "/accounts/{account}/close",
    params(
        ("account" = String, Path, description = "The account's number"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn close(
    State(teller): State<Teller>,
    Path(account): Path<AccountId>,
    asked: Asked,
) -> Answer {
    teller.ask(account, &asked, Command::Close).await
}
