//! The account over HTTP: what may be asked, and what is answered.

mod bodies;
mod commands;
mod queries;
mod savings;
mod transfers;

use bank_domain::account::Account;
use ondol::{OpenApiRouter, Running, routes};
use ondol_kernel::Id;
use ondol_runtime::{Desk, NotPart, ViewReader};

use crate::views::{Balance, Line};

pub use bodies::{
    AccountBody, Amount, BalanceBody, BalancePage, Freezing, Holding, LineBody, LinePage, Moving,
    Opening,
};
pub use savings::savings;
pub use transfers::{Sending, TransferBody, transfers};

/// What every route needs.
#[derive(Debug, Clone)]
struct Teller {
    desk: Desk<Account>,
    balances: ViewReader<Balance>,
    lines: ViewReader<Line>,
}

/// The number of an account.
type AccountId = Id<Account>;

/// The routes of the account.
///
/// # Errors
/// When the service lacks a part that they need.
pub fn routes(running: &Running) -> Result<OpenApiRouter, NotPart> {
    let teller =
        Teller { desk: running.desk()?, balances: running.view()?, lines: running.view()? };
    let routes = OpenApiRouter::new()
        .routes(routes!(commands::open, queries::list))
        .routes(routes!(commands::deposit))
        .routes(routes!(commands::withdraw))
        .routes(routes!(commands::hold))
        .routes(routes!(commands::settle))
        .routes(routes!(commands::release))
        .routes(routes!(commands::freeze))
        .routes(routes!(commands::unfreeze))
        .routes(routes!(commands::close))
        .routes(routes!(queries::account))
        .routes(routes!(queries::history))
        .routes(routes!(queries::balance))
        .routes(routes!(queries::statement));
    Ok(routes.with_state(teller))
}
