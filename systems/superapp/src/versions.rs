//! Versions of interfaces that the gateway knows nothing of: what it does not send elsewhere comes
//! here.

use axum::Router;
use axum::routing::any;
use http::StatusCode;
use ondol_http::Problem;

/// Answers whoever asks for products of a version that there is not.
pub(crate) fn unknown() -> Router {
    Router::new()
        .route("/api/products", any(async || problem()))
        .route("/api/products/{*rest}", any(async || problem()))
}

fn problem() -> Problem {
    let title = "There is no such version of this interface.";
    let detail = "Api-Version can be 1, or for a while 0: see /docs";
    Problem::new(StatusCode::BAD_REQUEST, "api-version", title).detail(detail)
}
