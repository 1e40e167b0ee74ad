//! What stands beside the services: the outside world, the demo, the pages, and the gateway in
//! front of all.

use axum::Router;
use ondol::Around;
use ondol_store::BoxError;

use crate::options::{Demo, Front, Outside, read};
use crate::{demo, gateway, world};

/// Brings it all up; what answers requests from then on.
pub(crate) fn raise(around: Around<'_>) -> Result<Router, BoxError> {
    let web = around.settings_of("web");
    let front: Front = read("front", &around.settings_of("front"))?;
    let outside: Outside = read("outside", &around.settings_of("outside"))?;
    let demo: Demo = read("demo", &around.settings_of("demo"))?;
    let ground = around.stage.service("identity").map(|running| running.home().ground.clone());
    let ground = ground.ok_or("the identity provider does not run here")?;
    world::raise(&outside, around, &ground)?;
    demo::begin(demo, around)?;
    let pages = shop_web::site(read("web", &web)?, &web.folder, ground.clock, ground.rng)?;
    let router = pages.merge(around.stage.router.clone());
    gateway::raise(&front, around, router.clone())?;
    Ok(router)
}
