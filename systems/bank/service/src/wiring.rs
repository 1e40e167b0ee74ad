//! What the bank is made of.

use bank_domain::account::Account;
use ondol::{App, Hosted, Http, Service};

use crate::http;
use crate::views::{Balance, Line};

/// Accounts: opened, paid into, paid out of, held for transfers, closed.
pub fn service() -> Hosted {
    Service::named("bank.account")
        .aggregate::<Account>()
        .view::<Balance>()
        .view::<Line>()
        .http(http::routes)
}

/// The program.
pub fn app() -> App {
    App::named("bank").of_version(env!("CARGO_PKG_VERSION")).service(service())
}
