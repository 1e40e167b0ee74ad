//! What becomes of an order, told as it happens: server-sent events, each a part of the page.
//!
//! The API is asked a few times a second, for as long as somebody looks and the purchase has not
//! ended; the same is not told twice.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use askama::Template as _;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use hyper::body::Frame;
use tokio::sync::OwnedSemaphorePermit;

use crate::goods::named;
use crate::orders::FlowPart;
use crate::page::wrong;
use crate::site::Site;
use crate::visit::Known;

/// How long is waited between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// After so many looks without news a sign of life is given.
const SIGN_AFTER: u32 = 60;
/// After so many looks the browser is to come again.
const LOOKS_MAX: u32 = 2_400;

/// What is told, as far as it has been.
struct Telling {
    site: Site,
    known: Known,
    order: String,
    told: String,
    looks: u32,
    has_ended: bool,
    _permit: OwnedSemaphorePermit,
}

pub(crate) async fn live(
    State(site): State<Site>,
    known: Known,
    Path(order): Path<String>,
) -> Response {
    let found = async {
        let id = named(&order)?;
        site.order(&known.token, id).await
    };
    if let Err(error) = found.await {
        return wrong(&known.visit, &error, "/shop/orders");
    }
    let Ok(permit) = site.listeners.clone().try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let telling = Telling {
        site,
        known,
        order,
        told: String::new(),
        looks: 0,
        has_ended: false,
        _permit: permit,
    };
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::new(Told(Box::pin(telling.next())))).into_response()
}

type Next = Pin<Box<dyn Future<Output = Option<(Telling, Bytes)>> + Send>>;

/// The body of the answer.
struct Told(Next);

impl hyper::body::Body for Told {
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
    /// The next piece; nothing, once there will be none.
    async fn next(mut self) -> Option<(Self, Bytes)> {
        if self.has_ended {
            return None;
        }
        let mut silent = 0;
        while self.looks < LOOKS_MAX {
            self.looks += 1;
            let (order, flow) = self.site.order(&self.known.token, &self.order).await.ok()?;
            let part = FlowPart::of(&flow, &order, self.known.visit.words).render().ok()?;
            if part != self.told {
                let mut piece = event("flow", &part);
                if flow.has_ended() {
                    piece.push_str(&event("end", ""));
                    self.has_ended = true;
                }
                self.told = part;
                return Some((self, piece.into()));
            }
            if flow.has_ended() {
                self.has_ended = true;
                return Some((self, event("end", "").into()));
            }
            silent += 1;
            if silent >= SIGN_AFTER {
                return Some((self, Bytes::from_static(b":\n\n")));
            }
            self.site.clock.sleep(LOOK_EVERY).await;
        }
        None
    }
}

/// A text as an event: each of its lines is one of the event's.
fn event(name: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("data: {line}\n")).collect();
    let lines = if lines.is_empty() { "data:\n".to_owned() } else { lines };
    format!("event: {name}\n{lines}\n")
}
