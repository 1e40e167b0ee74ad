//! A feed told event by event, for as long as the reader listens: server-sent events.
//!
//! The id of an event is its position, and only the last event of a position has one: a reader
//! that breaks off within a position is told that position once more. A reader that is slow is
//! waited for, and holds up nobody else.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::Frame;
use ondol_bus::{Feed, FeedPage, ReadFeed};
use ondol_kernel::Position;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::wire;

/// How long is waited before a sign of life is given.
const SIGN_EVERY: Duration = Duration::from_secs(15);
const EVENT_STREAM: &str = "text/event-stream";

pub(super) fn are_asked_for(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains(EVENT_STREAM))
}

pub(super) fn stream(
    service: &str,
    feed: Arc<dyn Feed>,
    read: ReadFeed,
    headers: &HeaderMap,
    stop: watch::Receiver<bool>,
    permit: OwnedSemaphorePermit,
) -> Response {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.and_then(|text| text.parse().ok()).map(Position::new);
    let read = ReadFeed { after: last.unwrap_or(read.after), wait: SIGN_EVERY, ..read };
    let (service, last) = (service.to_owned(), read.after);
    let telling = Telling { service, feed, read, last, stop, _permit: permit };
    let headers = [(header::CONTENT_TYPE, EVENT_STREAM), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::new(Told(Box::pin(telling.next())))).into_response()
}

/// What is told, as far as it has been.
struct Telling {
    service: String,
    feed: Arc<dyn Feed>,
    read: ReadFeed,
    /// The position that whoever listens has heard of last.
    last: Position,
    stop: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

type Next = Pin<Box<dyn Future<Output = Option<(Telling, Bytes)>> + Send>>;

/// The body of the answer: a page is read when the reader has taken the one before.
struct Told(Next);

impl http_body::Body for Told {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.as_mut().poll(context).map(|told| {
            let (telling, piece) = told?;
            self.0 = Box::pin(telling.next());
            Some(Ok(Frame::data(piece)))
        })
    }
}

impl Telling {
    /// The next piece; nothing, once there will be none. A reader that breaks off comes again, and
    /// is told then what is wrong.
    async fn next(mut self) -> Option<(Self, Bytes)> {
        let read = self.feed.read(self.read.clone());
        let mut page = tokio::select! {
            page = read => page.ok()?,
            () = super::stopped(&mut self.stop) => return None,
        };
        self.join(&mut page);
        self.read.after = page.seen;
        let piece = written(&self.service, &page)?;
        Some((self, piece))
    }
}

impl Telling {
    /// Joins a page to what was told before it. Whoever listens knows nothing of pages: the first
    /// event of one follows the last event of another, however much was passed over in between.
    fn join(&mut self, page: &mut FeedPage) {
        let after = self.read.after;
        for one in page.events.iter_mut().take_while(|one| one.previous == after) {
            one.previous = self.last;
        }
        if let Some(last) = page.events.last() {
            self.last = last.event.position;
        }
    }
}

fn written(service: &str, page: &FeedPage) -> Option<Bytes> {
    let mut text = String::new();
    for (at, one) in page.events.iter().enumerate() {
        let json = serde_json::to_string(&wire::cloud_event(service, one)).ok()?;
        let position = one.event.position;
        let next = page.events.get(at + 1).map(|next| next.event.position);
        if next != Some(position) {
            text.push_str(&format!("id: {position}\n"));
        }
        text.push_str(&format!("event: {}\ndata: {json}\n\n", one.event.event_type));
    }
    if page.events.is_empty() {
        text.push_str(&format!(": nothing up to {}\n\n", page.seen));
    }
    Some(Bytes::from(text))
}
