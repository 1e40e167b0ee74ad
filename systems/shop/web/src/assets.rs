//! What pages are dressed in: a style, and two scripts that are part of the program.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;

const STYLE: &str = include_str!("../assets/shop.css");
const HTMX: &str = include_str!("../assets/htmx-2.0.11.min.js");
const SSE: &str = include_str!("../assets/htmx-sse-2.2.4.min.js");
/// The scripts carry their version in their names and never change under them.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_WHILE: &str = "public, max-age=300";

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/shop/assets/shop.css", get(async || style()))
        .route("/shop/assets/htmx-2.0.11.min.js", get(async || script(HTMX)))
        .route("/shop/assets/htmx-sse-2.2.4.min.js", get(async || script(SSE)))
}

fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, FOR_A_WHILE)];
    (headers, STYLE).into_response()
}

fn script(text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, FOR_EVER),
    ];
    (headers, text).into_response()
}
