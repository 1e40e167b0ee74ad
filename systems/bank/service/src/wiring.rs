//! What the bank is made of.

use bank_domain::account::Account;
use bank_domain::contract::{Current, Savings, Screen, Screened};
use bank_domain::screening::Watch;
use bank_domain::transfer::transfer;
use ondol::{App, Hosted, Http, Service};
use ondol_runtime::Accepts;
use ondol_saga::RunsSagas;

use crate::http;
use crate::views::{Balance, Ledger, Line};

/// Accounts: opened, paid into, paid out of, held for transfers, closed.
pub fn service() -> Hosted {
    Service::named("bank.account")
        .aggregate::<Account>()
        .view::<Balance>()
        .view::<Line>()
        .view::<Ledger>()
        .accepts(Accepts::<Current, Account>::new(Current::command, |_, _| (), |refusal| refusal))
        .http(http::routes)
}

/// Savings accounts: what is moved there stays there.
fn savings() -> Hosted {
    Service::named("bank.savings")
        .aggregate::<Account>()
        .view::<Ledger>()
        .accepts(Accepts::<Savings, Account>::new(Savings::command, |_, _| (), |refusal| refusal))
        .http(http::savings)
}

/// Those who look at transfers before money moves.
fn fraud() -> Hosted {
    let screens = Accepts::<Screen, Watch>::new(
        Screen::command,
        |_asked, happened| {
            let happened: Vec<_> = happened.iter().map(|event| event.data.clone()).collect();
            Screened::of(&happened)
        },
        |suspicion| suspicion,
    );
    Service::named("bank.fraud").aggregate::<Watch>().accepts(screens).into()
}

/// Transfers from current to savings accounts.
fn transfers() -> Hosted {
    Service::named("bank.transfer").saga(transfer()).http(http::transfers)
}

/// The bank's services.
pub fn services() -> Vec<Hosted> {
    vec![service(), savings(), fraud(), transfers()]
}

/// The program.
pub fn app() -> App {
    let app = App::named("bank").of_version(env!("CARGO_PKG_VERSION"));
    services().into_iter().fold(app, App::service)
}
