//! What a process answers other services.

mod events;
mod guest;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ondol_bus::{CallFailure, Calls, Feed, FeedError, FeedPage, ReadFeed};
use ondol_doors::Clock;
use ondol_kernel::{EventType, Position};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

use crate::Secret;
use crate::wire::{self, Answered, AskedCall, Problem};

pub use guest::Guest;

const TOO_MANY: &str = "too many readers wait";
const NO_TOKEN: &str = "show a good token of a service";

/// What is allowed of other services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeOptions {
    /// How many bytes a call may have.
    pub call_bytes_max: usize,
    /// How many events a page of a feed may have.
    pub page_events_max: usize,
    /// How long a page may wait for something to be published.
    pub wait_longest: Duration,
    /// How many readers may wait, or be told event by event, at the same time.
    pub readers_max: usize,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            call_bytes_max: 1 << 20,
            page_events_max: 5_000,
            wait_longest: Duration::from_secs(30),
            readers_max: 1_000,
        }
    }
}

/// A service that others may read and ask.
#[derive(Debug, Clone)]
pub struct Guarded {
    /// What it publishes.
    pub feed: Arc<dyn Feed>,
    /// What answers for it.
    pub calls: Arc<dyn Calls>,
    /// Who may read its feed.
    pub readers: Guest,
    /// Who may ask it.
    pub callers: Guest,
}

#[derive(Debug)]
struct House {
    services: BTreeMap<String, Guarded>,
    secret: Secret,
    clock: Arc<dyn Clock>,
    options: ServeOptions,
    room: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

type Shared = State<Arc<House>>;

/// The routes by which other services read and ask these. Once `stop` turns true nobody is kept
/// waiting.
pub fn router(
    services: BTreeMap<String, Guarded>,
    secret: Secret,
    clock: Arc<dyn Clock>,
    options: ServeOptions,
    stop: watch::Receiver<bool>,
) -> Router {
    let room = Arc::new(Semaphore::new(options.readers_max));
    let call_bytes_max = options.call_bytes_max;
    let house = House { services, secret, clock, options, room, stop };
    Router::new()
        .route("/bus/{service}/feed", get(feed))
        .route("/bus/{service}/calls", post(calls))
        .route("/bus/{service}/voids", post(voids))
        .layer(DefaultBodyLimit::max(call_bytes_max))
        .with_state(Arc::new(house))
}

impl House {
    /// The service, if whoever asks has shown a good token and may.
    fn service(
        &self,
        name: &str,
        headers: &HeaderMap,
        guests: impl FnOnce(&Guarded) -> &Guest,
    ) -> Result<&Guarded, Admission> {
        let who = guest::who(headers, &self.secret, self.clock.now());
        let who = who.ok_or(Admission::Unknown)?;
        let service = self.services.get(name).ok_or(Admission::NoSuchService)?;
        if guests(service).admits(&who) { Ok(service) } else { Err(Admission::Forbidden) }
    }
}

/// Why nobody is let in.
enum Admission {
    Unknown,
    Forbidden,
    NoSuchService,
}

/// What is asked of a feed.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    types: String,
    limit: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
}

async fn feed(
    State(house): Shared,
    Path(service): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let found = house.service(&service, &headers, |service| &service.readers);
    let guarded = match found {
        Ok(guarded) => guarded,
        Err(Admission::NoSuchService) => {
            return answer(&wire::feed_problem(&FeedError::NoSuchFeed { service }));
        }
        Err(Admission::Unknown) => return unknown("feed-forbidden"),
        Err(Admission::Forbidden) => {
            return answer(&wire::feed_problem(&FeedError::Forbidden { service }));
        }
    };
    let Ok(permit) = Arc::clone(&house.room).try_acquire_owned() else {
        let code = "feed-unreachable";
        let full = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, &TOO_MANY);
        return answer(&full);
    };
    let read = match read_of(&asked, &house.options) {
        Ok(read) => read,
        Err(problem) => return answer(&problem),
    };
    if events::are_asked_for(&headers) {
        let feed = Arc::clone(&guarded.feed);
        return events::stream(&service, feed, read, &headers, house.stop.clone(), permit);
    }
    let mut stop = house.stop.clone();
    let at_once = ReadFeed { wait: Duration::ZERO, ..read.clone() };
    let page = tokio::select! {
        page = guarded.feed.read(read) => page,
        () = stopped(&mut stop) => guarded.feed.read(at_once).await,
    };
    match page {
        Ok(page) => written(&service, &page),
        Err(error) => answer(&wire::feed_problem(&error)),
    }
}

/// Comes to its end when nobody is to be kept waiting any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

fn read_of(asked: &Asked, options: &ServeOptions) -> Result<ReadFeed, Problem> {
    let types = asked.types.split(',').filter(|name| !name.is_empty());
    let types = types.map(str::parse).collect::<Result<Vec<EventType>, _>>();
    let wrong =
        |detail: &dyn ToString| Problem::new(StatusCode::BAD_REQUEST, "feed-question", detail);
    let limit = asked.limit.unwrap_or(options.page_events_max).min(options.page_events_max);
    let wait = Duration::from_millis(asked.wait_ms).min(options.wait_longest);
    let types = types.map_err(|error| wrong(&error))?;
    Ok(ReadFeed { after: Position::new(asked.after), types, limit, wait })
}

fn written(service: &str, page: &FeedPage) -> Response {
    let body = match wire::batch(service, &page.events) {
        Ok(body) => body,
        Err(error) => {
            let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "feed-unreachable");
            return answer(&Problem::new(status, code, &error));
        }
    };
    let headers = [
        (wire::SEEN, page.seen.to_string()),
        (wire::HEAD, page.head.position.to_string()),
        (wire::EPOCH, page.head.epoch.to_string()),
        ("content-type", wire::BATCH.to_owned()),
    ];
    (headers, body).into_response()
}

async fn calls(house: Shared, path: Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    ask(&house, path.0, &headers, &body, false).await
}

async fn voids(house: Shared, path: Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    ask(&house, path.0, &headers, &body, true).await
}

async fn ask(
    house: &House,
    service: String,
    headers: &HeaderMap,
    body: &[u8],
    to_void: bool,
) -> Response {
    let failed = |failure: CallFailure| answer(&wire::call_problem(&failure));
    let guarded = match house.service(&service, headers, |service| &service.callers) {
        Ok(guarded) => guarded,
        Err(Admission::Unknown) => return unknown("call-forbidden"),
        Err(Admission::Forbidden) => return failed(CallFailure::Forbidden { service }),
        Err(Admission::NoSuchService) => return failed(CallFailure::NoSuchService { service }),
    };
    let (call, about) = match serde_json::from_slice::<AskedCall>(body) {
        Ok(asked) => asked.call(service),
        Err(error) => return failed(CallFailure::Invalid { service, source: error.into() }),
    };
    let reply = if to_void {
        guarded.calls.void(&call, &about).await
    } else {
        guarded.calls.ask(&call, &about).await
    };
    let answered = match reply.as_ref().map(Answered::of) {
        Ok(Ok(answered)) => answered,
        Ok(Err(error)) => {
            let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "call-broken");
            return answer(&Problem::new(status, code, &error));
        }
        Err(failure) => return answer(&wire::call_problem(failure)),
    };
    axum::Json(answered).into_response()
}

/// Nobody is told why a token is no good.
fn unknown(code: &str) -> Response {
    let mut response = answer(&Problem::new(StatusCode::UNAUTHORIZED, code, &NO_TOKEN));
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn answer(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem)).into_response();
    let media_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
