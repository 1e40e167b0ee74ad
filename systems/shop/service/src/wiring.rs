//! What the shop is made of.

use ondol::{App, Hosted};

use crate::{catalog, orders, payment, shipping, stock};

/// The shop's services.
pub fn services() -> Vec<Hosted> {
    vec![
        catalog::service(),
        stock::service(),
        orders::service(),
        payment::service(),
        shipping::service(),
    ]
}

/// The program.
pub fn app() -> App {
    let app = App::named("shop").of_version(env!("CARGO_PKG_VERSION"));
    services().into_iter().fold(app, App::service)
}
