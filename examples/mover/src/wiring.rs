//! What the mover is made of.

use ondol::{App, Http, Service};
use ondol_saga::RunsSagas;

use crate::http;
use crate::moving::moving;
use crate::van::Van;

/// The program, with the saga of this version.
pub fn app(version: u32) -> App {
    let moves = Service::named("house.moves").aggregate::<Van>().saga(moving(version));
    App::named("mover").of_version(env!("CARGO_PKG_VERSION")).service(moves.http(http::moves))
}
