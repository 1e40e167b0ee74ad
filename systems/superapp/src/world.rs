//! The outside world in this process, on a port of its own: the services ask it over HTTP, as they
//! ask anybody outside.

use std::net::TcpListener as Listener;

use ondol::Around;
use ondol_http::ServerOptions;
use ondol_runtime::Ground;
use ondol_store::BoxError;
use ondol_vault::read_secret;
use outside::{Hook, Provider, World};
use tokio::net::TcpListener;

use crate::options::Outside;

/// Where the shop keeps what the carrier signs its letters with.
const SECRET: &str = "shop.shipping/carrier.secret";

pub(crate) fn raise(
    options: &Outside,
    around: Around<'_>,
    ground: &Ground,
) -> Result<(), BoxError> {
    if !options.listen.ip().is_loopback() {
        let problem = "can be reached from elsewhere, and whoever reaches it can change the world";
        return Err(format!("settings.outside: {} {problem}", options.listen).into());
    }
    let folder = around.config.data.join("outside");
    let world = World::open(&folder, ground.clock.clone(), ground.rng.clone())?;
    let secret = read_secret(&around.config.data.join(SECRET))?;
    let secret = str::from_utf8(&secret)?.trim().to_owned();
    world.hook(Provider::Carrier, Some(Hook { url: options.letters.clone(), secret }))?;
    world.start(around.behind);
    let listener = Listener::bind(options.listen)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let router = outside::router(world);
    around.behind.start("outside world", |stop| async move {
        let served = ondol_http::serve(listener, router, ServerOptions::default(), stop).await;
        served.map_err(|error| error.to_string())
    });
    Ok(())
}
