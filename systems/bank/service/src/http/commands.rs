//! What may be asked of an account. Each changes something, so each takes an `Idempotency-Key`;
//! with `If-Match`, only what the client has seen is changed.

use axum::extract::State;
use bank_domain::account::Command;
use ondol_http::{
    Accepted, Answered, Asked, Changes, Json, Made, Makes, Path, Problem, command, commands,
};

use super::{AccountId, At, AtHold, Freezing, Holding, Movements, Moving, Opening, Teller};

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
    params(Makes),
    request_body = Opening,
    responses(Made),
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

/// Moves money several times as one: each movement sees those before it, and all of them are made,
/// or none.
#[utoipa::path(
    post,
    path = "/accounts/{account}/movements",
    params(At, Changes),
    request_body = Movements,
    responses(Answered),
)]
pub(super) async fn moves(
    State(teller): State<Teller>,
    Path(At { account }): Path<At>,
    asked: Asked,
    Json(body): Json<Movements>,
) -> Answer {
    let asks: Vec<Command> = body.movements.into_iter().map(Command::from).collect();
    commands(&teller.desk, &account.to_string(), &asks, &asked).await
}

/// A route a command: what it is called, where it is and what it takes from there and from the
/// body, and what is asked of the account.
macro_rules! asks {
    ($(
        $(#[$doc:meta])+
        $name:ident: $path:literal, |$at:ident: $place:ident $(, $body:ident: $shape:ident)?| $ask:expr;
    )+) => {$(
        $(#[$doc])+
        #[utoipa::path(
            post,
            path = $path,
            params($place, Changes),
            $(request_body = $shape,)?
            responses(Answered),
        )]
        pub(super) async fn $name(
            State(teller): State<Teller>,
            Path($at): Path<$place>,
            asked: Asked,
            $(Json($body): Json<$shape>,)?
        ) -> Answer {
            teller.ask($at.account, &asked, $ask).await
        }
    )+};
}

asks! {
    /// Pays money in.
    deposit: "/accounts/{account}/deposits",
        |at: At, body: Moving| Command::Deposit { amount: body.amount };

    /// Takes money out.
    withdraw: "/accounts/{account}/withdrawals",
        |at: At, body: Moving| Command::Withdraw { amount: body.amount };

    /// Promises money to a transfer.
    hold: "/accounts/{account}/holds",
        |at: At, body: Holding| body.into();

    /// Lets go the money that was promised to a transfer.
    settle: "/accounts/{account}/holds/{transfer}/settle",
        |at: AtHold| Command::Settle { transfer: at.transfer };

    /// Takes back the promise made to a transfer.
    release: "/accounts/{account}/holds/{transfer}/release",
        |at: AtHold| Command::Release { transfer: at.transfer };

    /// Stops money from leaving.
    freeze: "/accounts/{account}/freeze",
        |at: At, body: Freezing| Command::Freeze { because: body.because };

    /// Lets money leave again.
    unfreeze: "/accounts/{account}/unfreeze",
        |at: At| Command::Unfreeze;

    /// Closes the account for good.
    close: "/accounts/{account}/close",
        |at: At| Command::Close;
}
