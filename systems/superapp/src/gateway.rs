//! The gateway in front, in the same process: the services are a function call away.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use ondol::Around;
use ondol_auth::{Listener, Revocations};
use ondol_gateway::{Config, Gateway, OneOrMany, Services, Surroundings};
use ondol_store::BoxError;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::options::Front;

/// Its routes.
const ROUTES: &str = include_str!("../gateway.toml");
/// What they call the issuer whose tokens are believed.
const ISSUER: &str = "house";
/// How long tokens of the house last at most: what was taken back earlier is about none that is left.
const TOKENS_LAST: Duration = Duration::from_secs(3_600);

pub(crate) fn raise(front: &Front, around: Around<'_>, router: Router) -> Result<(), BoxError> {
    let config = config(front)?;
    let inside = router.map_request(|request: http::Request<_>| request.map(Body::new));
    let services = Services::new().with("app", inside);
    let revocations = [(ISSUER.to_owned(), taken_back(around)?)].into();
    let surroundings = Surroundings { services, revocations, ..Surroundings::default() };
    let gateway = Gateway::with(config, surroundings)?;
    for address in gateway.handle().addresses() {
        tracing::info!(%address, "the gateway listens");
    }
    around.front.start("gateway", |mut stop| async move {
        let token = CancellationToken::new();
        let told = token.clone();
        let mut running = std::pin::pin!(gateway.run(token));
        tokio::select! {
            ended = running.as_mut() => return ended.map_err(|error| error.to_string()),
            _told = stop.wait_for(|stop| *stop) => told.cancel(),
        }
        running.await.map_err(|error| error.to_string())
    });
    Ok(())
}

/// What the identity provider takes back of its tokens, as soon as it does.
fn taken_back(around: Around<'_>) -> Result<Revocations, BoxError> {
    let identity = around.stage.service("identity").ok_or("there is no identity provider here")?;
    let (feed, clock) = (identity.neighbours().feed("identity"), &identity.home().ground.clock);
    let revoked = Revocations::default();
    let listener = Listener::new(feed, revoked.clone(), Arc::clone(clock), TOKENS_LAST)?;
    around.behind.start("what is taken back", |stop| async move {
        listener.run(stop).await;
        Ok(())
    });
    Ok(revoked)
}

/// Its routes, where it is set to listen, and with whom it is set to believe.
fn config(front: &Front) -> Result<Config, BoxError> {
    let mut config = Config::read("gateway.toml", ROUTES)?;
    config.listen = vec![front.listen];
    let house =
        config.issuers.get_mut(ISSUER).ok_or("gateway.toml names no issuer of the house")?;
    house.issuer.clone_from(&front.issuer);
    house.audience = OneOrMany::One(front.audience.clone());
    Ok(config)
}
