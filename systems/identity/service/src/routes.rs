//! Where everything is answered.

use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, header};
use ondol::OpenApiRouter;

use crate::provider::Provider;
use crate::{
    accounts, authorize, came_from, device, journal, leave, metadata, roles, signin, tokens,
};

/// The style of the pages.
const STYLE: &str = include_str!("../assets/identity.css");

pub(crate) fn routes(provider: Provider) -> OpenApiRouter {
    OpenApiRouter::new()
        .route("/.well-known/openid-configuration", get(metadata::discovery))
        .route("/.well-known/oauth-authorization-server", get(metadata::discovery))
        .route("/oauth2/jwks", get(metadata::jwks))
        .route("/oauth2/authorize", get(authorize::authorize).post(authorize::authorize_form))
        .route("/oauth2/par", post(authorize::pushed))
        .route("/oauth2/token", post(tokens::token))
        .route("/oauth2/revoke", post(leave::revoke))
        .route("/oauth2/introspect", post(metadata::introspect))
        .route("/oauth2/userinfo", get(metadata::userinfo).post(metadata::userinfo))
        .route("/oauth2/device_authorization", post(device::ask))
        .route("/oauth2/logout", get(leave::logout).post(leave::logout_form))
        .route("/sign-in", post(signin::sign_in))
        .route("/second-factor", post(signin::second_factor))
        .route("/consent", post(signin::consent))
        .route("/register", get(accounts::register_page).post(accounts::register))
        .route("/verify", get(accounts::verify_page).post(accounts::verify))
        .route("/forgotten", get(accounts::forgotten_page).post(accounts::forgotten))
        .route("/reset", get(accounts::reset_page).post(accounts::reset))
        .route("/account", get(accounts::account).post(accounts::change))
        .route("/device", get(device::page).post(device::answer))
        .route("/assets/identity.css", get(style))
        .merge(roles::routes(&provider))
        .layer(from_fn_with_state(provider.clone(), journal::at_the_door))
        .layer(from_fn_with_state(provider.clone(), came_from::noted))
        .layer(from_fn(guarded))
        .with_state(provider)
}

async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, STYLE).into_response()
}

/// What every answer says to browsers.
async fn guarded(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    ));
    response
}
