//! Requests as spans and as counts: whoever asked is the parent, and what a request brings about is
//! told within.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use ondol_kernel::TraceParent;
use tracing::Instrument as _;

use crate::Requests;

/// The trace that a request goes on with: the span that was opened for it, if anybody listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traced(pub(crate) TraceParent);

/// Opens a span for a request, named by its route and never by its path, and counts it: a layer of
/// a router.
pub async fn traced(
    State(requests): State<Requests>,
    mut request: Request,
    next: Next,
) -> Response {
    let since = requests.running();
    let parent = request.headers().get("traceparent").and_then(|text| text.to_str().ok());
    let parent = parent.and_then(|text| text.parse().ok());
    let (method, route) = (known(request.method()), request.extensions().get::<MatchedPath>());
    let route = route.cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let span = ondol_trace::server(method, route, parent);
    if let Some(context) = ondol_trace::context(&span) {
        request.extensions_mut().insert(Traced(context));
    }
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    ondol_trace::answered(&span, status);
    requests.count(route, (method, status), since);
    response
}

/// A method by its name; one that a client has made up is of no name.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| method == *known).unwrap_or("_OTHER")
}
