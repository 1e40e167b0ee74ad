//! What stands beside the services: the outside world, the demo, the pages, and the gateway in
//! front of all.

use axum::Router;
use ondol::Around;
use ondol_store::BoxError;

use crate::options::{Demo, Front, Outside, read};
use crate::{demo, docs, gateway, versions, world};

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
    let services = around.stage.router.clone();
    let docs = docs::pages(services.clone(), &front.issuer);
    let router = pages.merge(docs).merge(versions::unknown()).merge(services);
    gateway::raise(&front, around, router.clone())?;
    Ok(router)
}
