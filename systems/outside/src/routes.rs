//! Where the providers answer, each below its name, and where they are told how to behave.
//!
//! `/control` is for whoever plays with the world: it stands on this port and asks nobody who he
//! is, so the port is to be a loopback one.

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, put};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use ondol_http::Json;
use serde_json::{Value, json};

use crate::answer::{Answer, Body};
use crate::world::{Outcome, Received};
use crate::{Change, Hook, Provider, World};

/// How many bytes a request may have.
const REQUEST_BYTES_MAX: usize = 64 << 10;
const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";

/// Everything that the world answers.
pub fn router(world: World) -> Router {
    let control = Router::new()
        .route("/", get(all))
        .route("/{provider}", get(one).patch(change).delete(mend))
        .route("/{provider}/hook", put(hook).delete(unhook));
    Router::new()
        .nest("/control", control)
        .route("/{provider}/{*path}", any(ask))
        .fallback(async || response(Outcome::of(Answer::nothing_there())))
        .with_state(world)
}

async fn ask(
    State(world): State<World>,
    Path((provider, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    let Some(provider) = Provider::named(&provider) else {
        return response(Outcome::of(Answer::nothing_there()));
    };
    match received(path, request).await {
        Ok(received) => response(world.ask(provider, &received).await),
        Err(answer) => response(Outcome::of(answer)),
    }
}

async fn received(path: String, request: Request) -> Result<Received, Answer> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::GET && parts.method != Method::POST {
        let (code, message) = ("no_such_method", "it is asked by GET or POST");
        return Err(Answer::error(StatusCode::METHOD_NOT_ALLOWED, code, message));
    }
    let body = Limited::new(body, REQUEST_BYTES_MAX).collect().await.map_err(|_too_long| {
        let (code, message) = ("too_large", "the body is too large, or broke off");
        Answer::error(StatusCode::PAYLOAD_TOO_LARGE, code, message)
    })?;
    let query = axum::extract::Query::try_from_uri(&parts.uri).map_err(|_unreadable| {
        let (code, message) = ("invalid_request", "the query cannot be read");
        Answer::error(StatusCode::BAD_REQUEST, code, message)
    })?;
    let key = key_of(&parts.headers)?;
    Ok(Received { method: parts.method, path, query: query.0, key, body: body.to_bytes() })
}

/// The key, if there is one; of two, nobody knows which is meant.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Answer> {
    let mut said = headers.get_all(KEY).iter();
    let Some(value) = said.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|_| said.next().is_none());
    let key = key.ok_or_else(|| {
        let (code, message) = ("idempotency_key_malformed", "a key is printable and said once");
        Answer::error(StatusCode::BAD_REQUEST, code, message)
    })?;
    Ok(Some(key.to_owned()))
}

async fn all(State(world): State<World>) -> Response {
    let all: serde_json::Map<String, Value> =
        Provider::ALL.iter().map(|own| (own.to_string(), standing(&world, *own))).collect();
    Json(all).into_response()
}

async fn one(State(world): State<World>, Path(name): Path<String>) -> Response {
    with(&name, |provider| Json(standing(&world, provider)).into_response())
}

async fn change(
    State(world): State<World>,
    Path(name): Path<String>,
    Json(change): Json<Change>,
) -> Response {
    with(&name, |provider| match world.change(provider, &change) {
        Ok(_behaviour) => Json(standing(&world, provider)).into_response(),
        Err(error) => invalid(&error),
    })
}

async fn mend(State(world): State<World>, Path(name): Path<String>) -> Response {
    with(&name, |provider| {
        world.mend(provider);
        Json(standing(&world, provider)).into_response()
    })
}

async fn hook(
    State(world): State<World>,
    Path(name): Path<String>,
    Json(hook): Json<Hook>,
) -> Response {
    with(&name, |provider| match world.hook(provider, Some(hook)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => invalid(&error),
    })
}

async fn unhook(State(world): State<World>, Path(name): Path<String>) -> Response {
    with(&name, |provider| match world.hook(provider, None) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => invalid(&error),
    })
}

fn with(name: &str, answer: impl FnOnce(Provider) -> Response) -> Response {
    let nobody = || response(Outcome::of(Answer::nothing_there()));
    Provider::named(name).map_or_else(nobody, answer)
}

fn invalid(error: &dyn std::error::Error) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    response(Outcome::of(Answer::error(status, "invalid", &error.to_string())))
}

fn standing(world: &World, provider: Provider) -> Value {
    json!({ "behaviour": world.behaviour(provider), "counts": world.counts(provider) })
}

impl Outcome {
    fn of(Answer { status, body, .. }: Answer) -> Self {
        Self::Answered { status, body, is_replayed: false }
    }
}

fn response(outcome: Outcome) -> Response {
    let Outcome::Answered { status, body, is_replayed } = outcome else { return broken_off() };
    let mut response = match body {
        Body::Json(value) => (status, Json(value)).into_response(),
        Body::File { kind, text } => {
            let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")];
            (status, headers, text).into_response()
        }
    };
    if is_replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// A body that promises more than it holds: the connection is cut in its middle.
fn broken_off() -> Response {
    let cut = || Err::<bytes::Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let body = HttpBody::from_stream(tokio_stream::iter([cut()]));
    ([(header::CONTENT_LENGTH, "1024")], body).into_response()
}
