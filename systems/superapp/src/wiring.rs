//! What the program is made of.

use ondol::App;

use crate::beside;

/// The program.
pub fn app() -> App {
    let app = App::named("superapp").of_version(env!("CARGO_PKG_VERSION"));
    let app = app.service(identity::service());
    let app = shop::services().into_iter().fold(app, App::service);
    let app = bank::services().into_iter().fold(app, App::service);
    app.beside(beside::raise)
}
