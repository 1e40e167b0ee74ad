//! What the program is made of.

use ondol::App;

use crate::beside;

/// What it runs with when nothing is set.
const SETTINGS: &str = include_str!("../ondol.toml");

/// The program.
pub fn app() -> App {
    let app = App::named("superapp").of_version(env!("CARGO_PKG_VERSION")).shipped_with(SETTINGS);
    let app = app.service(identity::service());
    let app = shop::services().into_iter().fold(app, App::service);
    let app = bank::services().into_iter().fold(app, App::service);
    app.beside(beside::raise)
}
