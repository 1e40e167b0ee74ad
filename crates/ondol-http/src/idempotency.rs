//! A request that is repeated under its key is answered once and for all.
//!
//! A client that has heard nothing asks again with the same `Idempotency-Key`. The command's id
//! follows from the key and from who asks, so its effect happens once, whatever happens to this
//! process; and for a day the whole answer is kept here, in a bounded place, and given again to
//! the letter. The same key for another request is refused, and so is a second request while the
//! first one is still running.

mod book;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use ondol_kernel::{CausationId, CommandId};

use crate::{Problem, json};

pub use book::{Idempotency, IdempotencyOptions};

use book::{Kept, Known, Place};

/// The header that carries a request's key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long a key may be.
const KEY_BYTES_MAX: usize = 255;

/// Who asks, as whoever has checked it says: put into the request by authentication.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(pub Arc<str>);

/// The id of the command that a request with a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedCommand(pub CommandId);

/// What a request says: it is another one that says something else under the same key. It goes
/// into the log with what follows, so that this is known after a restart as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said(pub(crate) CausationId);

impl<S: Send + Sync> FromRequestParts<S> for KeyedCommand {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| {
            tracing::error!("a route takes a keyed command but is not wrapped in keyed_once");
            Problem::internal()
        })
    }
}

/// Middleware for routes that change something: `axum::middleware::from_fn_with_state`.
///
/// # Errors
/// 400 without a key, 409 while the first request under it is running, 422 when it was used for
/// another request.
pub async fn keyed_once(
    State(book): State<Idempotency>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method()) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let place = place_of(&parts)?;
    let body = json::body(Request::from_parts(parts.clone(), body)).await?;
    let fingerprint = book.fingerprint(&parts, &body);
    let running = match book.begin(place.clone(), fingerprint)? {
        Known::New(running) => running,
        Known::Answered(kept) => return Ok(replayed(kept)),
    };
    let command = place.command();
    parts.extensions.insert(KeyedCommand(command));
    parts.extensions.insert(Said(said(command, &parts, &body)));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (kept, response) = taken_down(response).await?;
    running.finish(kept);
    Ok(response)
}

fn place_of(parts: &Parts) -> Result<Place, Problem> {
    let mut said = parts.headers.get_all(KEY).iter();
    let Some(value) = said.next() else {
        let title = "A request that changes something has an Idempotency-Key.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency-key-missing", title));
    };
    let is_key = |key: &&str| !key.is_empty() && key.len() <= KEY_BYTES_MAX;
    let key = value.to_str().ok().filter(is_key).filter(|_| said.next().is_none());
    let key = key.ok_or_else(|| {
        let title = "An Idempotency-Key is 1 to 255 printable characters, said once.";
        Problem::new(StatusCode::BAD_REQUEST, "idempotency-key-malformed", title)
    })?;
    let principal = parts.extensions.get::<Principal>().map(|principal| Arc::clone(&principal.0));
    Ok(Place { principal: principal.unwrap_or_default(), key: key.into() })
}

fn said(command: CommandId, parts: &Parts, body: &[u8]) -> CausationId {
    let target = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let (method, body) = (&parts.method, String::from_utf8_lossy(body));
    CausationId::derived(command, &format!("{method} {target}\n{body}"))
}

impl Place {
    /// The id that the command has for ever: it follows from who asks under which key.
    fn command(&self) -> CommandId {
        CommandId::named(&format!("{}\n{}", self.principal, self.key))
    }
}

/// The answer, and what is kept of it: nothing, when asking again may give a better one.
async fn taken_down(response: Response) -> Result<(Option<Kept>, Response), Problem> {
    let passing = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::CONFLICT,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
    ];
    let status = response.status();
    if status.is_server_error() || passing.contains(&status) {
        return Ok((None, response));
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| {
        tracing::error!(%error, "an answer broke off");
        Problem::internal()
    })?;
    let body: Bytes = body.to_bytes();
    let kept = Kept { status, headers: parts.headers.clone(), body: body.clone() };
    Ok((Some(kept), Response::from_parts(parts, Body::from(body))))
}

fn replayed(kept: Kept) -> Response {
    let mut response = (kept.status, kept.headers, kept.body).into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response.headers_mut().remove(header::DATE);
    response
}

#[cfg(test)]
mod tests;
