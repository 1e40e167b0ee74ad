//! A client's HTTP/2 connection.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use ondol_doors::Clock;

use super::answer::{AnswerBody, Shared};
use super::{Http2Body, Joined, Tasks};
use crate::body::Body;
use crate::handle::{Arrived, Handler, Peer};
use crate::limits::ConnectionLimits;
use crate::patience::Pacer;
use crate::stay::Stay;

/// How often the watchdog looks.
const LOOK: Duration = Duration::from_secs(1);
/// Resets of streams that had not been answered yet, at once: more is an attack.
const RESETS_MAX: usize = 64;

/// What a connection is served with.
pub(crate) struct Line<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) peer: Arc<Peer>,
    pub(crate) limits: Arc<ConnectionLimits>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stay: Stay,
}

/// The bodies of a connection's answers.
struct Watched<H: Handler>(Mutex<Vec<Weak<Shared<H>>>>);

impl<H: Handler> Watched<H> {
    fn add(&self, answer: &Arc<Shared<H>>) {
        let mut answers = self.0.lock().expect("nobody panics while holding the list");
        answers.push(Arc::downgrade(answer));
    }

    /// Looks at all that are still there. Whether there are any.
    fn look(&self, now: Duration, wait: Duration) -> bool {
        let mut answers = self.0.lock().expect("nobody panics while holding the list");
        answers.retain(|answer| answer.strong_count() > 0);
        for answer in answers.iter().filter_map(Weak::upgrade) {
            answer.look(now, wait);
        }
        !answers.is_empty()
    }
}

/// Serves a connection until it ends.
pub(crate) async fn serve<H: Handler>(joined: Joined, line: Line<H>) {
    let line = Arc::new(line);
    let watched = Arc::new(Watched(Mutex::new(Vec::new())));
    let tasks = Tasks::default();
    let mut builder = hyper::server::conn::http2::Builder::new(tasks.clone());
    let head_bytes = u32::try_from(line.limits.head.head_bytes_max).unwrap_or(u32::MAX);
    builder
        .max_concurrent_streams(line.limits.streams_max)
        .max_header_list_size(head_bytes)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(RESETS_MAX)
        .max_send_buf_size(64 * 1024);
    let service = {
        let (line, watched) = (Arc::clone(&line), Arc::clone(&watched));
        service_fn(move |request| {
            let (line, watched) = (Arc::clone(&line), Arc::clone(&watched));
            async move { Ok::<_, Infallible>(answer(&line, &watched, request).await) }
        })
    };
    let mut connection = std::pin::pin!(builder.serve_connection(joined, service));
    let mut used = line.clock.running();
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "an HTTP/2 connection failed");
                }
                break;
            }
            () = line.clock.sleep(LOOK) => {
                let now = line.clock.running();
                if watched.look(now, line.limits.write_pace.grace) || !tasks.0.is_empty() {
                    used = now;
                    line.stay.busy();
                } else if line.stay.idle_since().is_none() {
                    line.stay.idle(now);
                }
                if !stopping && now.saturating_sub(used) > line.limits.idle_wait {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = line.stay.over.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer<H: Handler>(
    line: &Line<H>,
    watched: &Watched<H>,
    request: Request<Incoming>,
) -> Response<AnswerBody<H>> {
    let (parts, incoming) = request.into_parts();
    let authority = parts
        .uri
        .authority()
        .map(|authority| Bytes::copy_from_slice(authority.as_str().as_bytes()));
    let target = parts.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str);
    let pacer = Pacer::new(line.limits.body_pace, Arc::clone(&line.clock));
    let arrived = Arrived {
        method: parts.method,
        target: Bytes::copy_from_slice(target.as_bytes()),
        authority,
        headers: parts.headers,
        body: Body::http2(Http2Body::of_client(incoming, pacer)),
        peer: Arc::clone(&line.peer),
        minor: 2,
    };
    let answer = line.handler.handle(arrived).await;
    let (mut parts, body) = answer.response.into_parts();
    parts.headers.remove(CONNECTION);
    let (handler, clock) = (Arc::clone(&line.handler), Arc::clone(&line.clock));
    let body = AnswerBody::new(handler, clock, parts.status, body, answer.record);
    watched.add(body.shared());
    Response::from_parts(parts, body)
}
