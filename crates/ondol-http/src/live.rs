//! What happens to a thing, told event by event for as long as somebody listens: server-sent
//! events.
//!
//! The id of an event says which life of the log it is of and which event of its thing. A client
//! that breaks off names the last one it has heard (`Last-Event-ID`, or `?after=`) and misses
//! none. A page is read when the client has taken the one before, so nobody who is slow makes
//! anything grow.

mod asked;

use std::convert::Infallible;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use http_body::Frame;
use ondol_domain::Aggregate;
use ondol_doors::{Clock, Sleep};
use ondol_kernel::{Recorded, Version};
use ondol_runtime::Desk;
use ondol_store::{Head, LogEpoch};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{Happened, Problem, load_problem};

pub use asked::LiveAsked;

/// How many clients may listen at once.
pub const LISTENERS_MAX: usize = 1_000;
/// How long is waited before a sign of life is given.
const SIGN_EVERY: Duration = Duration::from_secs(15);
/// How long is waited at least between two looks at a log that is written to all the time.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How many events are read at a time.
const PAGE_EVENTS: usize = 100;

/// What those who listen need of the house: room, the time, and when to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    clock: Arc<dyn Clock>,
    room: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Live {
    /// Room for so many, until `stop` turns true. It is put into every request as an extension.
    pub fn new(clock: Arc<dyn Clock>, listeners_max: usize, stop: watch::Receiver<bool>) -> Self {
        Self { clock, room: Arc::new(Semaphore::new(listeners_max)), stop }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Live {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a route tells what happens but its requests carry no room for it");
            Problem::internal()
        })
    }
}

/// Tells what happens to a thing from an event on, as long as the client listens.
///
/// # Errors
/// When there is no such thing, what was heard is of a log that is no more, or too many listen.
pub async fn live<A: Aggregate>(
    desk: &Desk<A>,
    key: &str,
    asked: LiveAsked,
    live: Live,
) -> Result<Response, Problem> {
    let heads = desk.watch();
    let epoch = heads.borrow().epoch;
    let after = asked.after(epoch)?;
    let standing = desk.standing(key).await.map_err(|error| load_problem(&error))?;
    if standing.version == Version::EMPTY {
        return Err(Problem::nothing_by_that_name());
    }
    let permit = Arc::clone(&live.room).try_acquire_owned().map_err(|_full| too_many())?;
    let Live { clock, stop, .. } = live;
    let (desk, key) = (desk.clone(), key.to_owned());
    let telling = Telling { desk, key, after, epoch, heads, clock, stop, _permit: permit };
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::new(Told(Box::pin(telling.next())))).into_response())
}

fn too_many() -> Problem {
    let title = "As many listen as there is room for; try again.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", title).retry_after(5)
}

/// What is told, as far as it has been.
struct Telling<A: Aggregate> {
    desk: Desk<A>,
    key: String,
    after: Version,
    epoch: LogEpoch,
    heads: watch::Receiver<Head>,
    clock: Arc<dyn Clock>,
    stop: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

type Next<A> = Pin<Box<dyn Future<Output = Option<(Telling<A>, Bytes)>> + Send>>;

/// The body of the answer.
struct Told<A: Aggregate>(Next<A>);

impl<A: Aggregate> http_body::Body for Told<A> {
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

impl<A: Aggregate> Telling<A> {
    /// The next piece; nothing, once there will be none. A client that breaks off comes again,
    /// and is told then what is wrong.
    async fn next(mut self) -> Option<(Self, Bytes)> {
        let mut sign = self.clock.sleep(SIGN_EVERY);
        loop {
            // The head is looked at first: what comes while the events are read is not missed.
            self.heads.borrow_and_update();
            let from = self.after.next();
            let events = self.desk.history(&self.key, from, PAGE_EVENTS).await.ok()?;
            if let Some(last) = events.last() {
                self.after = last.version;
                let piece = written(self.epoch, &events);
                return Some((self, piece));
            }
            let looked = self.clock.sleep(LOOK_EVERY);
            match self.wait(&mut sign).await {
                Waited::Changed => {}
                Waited::Long => return Some((self, Bytes::from_static(b": nothing new\n\n"))),
                Waited::Over => return None,
            }
            tokio::select! {
                _stopped = self.stop.wait_for(|stop| *stop) => return None,
                () = looked => {}
            }
        }
    }

    /// Waits until something has happened anywhere in the log.
    async fn wait(&mut self, sign: &mut Sleep) -> Waited {
        tokio::select! {
            _stopped = self.stop.wait_for(|stop| *stop) => Waited::Over,
            () = sign => Waited::Long,
            changed = self.heads.changed() => {
                if changed.is_ok() { Waited::Changed } else { Waited::Over }
            }
        }
    }
}

/// What ended a wait.
enum Waited {
    /// Something has happened.
    Changed,
    /// It has been long enough for a sign of life.
    Long,
    /// There will be no more.
    Over,
}

fn written<E: serde::Serialize>(epoch: LogEpoch, events: &[Recorded<E>]) -> Bytes {
    let mut text = String::new();
    for event in events {
        let json = serde_json::to_string(&Happened::of(event)).unwrap_or_default();
        let (epoch, version, kind) = (epoch.as_u128(), event.version, &event.event_type);
        write!(text, "id: {epoch:032x}.{version}\nevent: {kind}\ndata: {json}\n\n")
            .expect("a text takes what is written to it");
    }
    Bytes::from(text)
}

#[cfg(test)]
mod tests;
