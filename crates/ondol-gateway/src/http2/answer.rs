//! An answer's body on its way into HTTP/2, and the watchdog over it.
//!
//! A body is not polled while its stream's window is shut, so it cannot keep time for itself. Its
//! insides are shared with the connection's watchdog, which takes them away from a reader that takes
//! nothing for too long: what the body holds (an upstream's connection) is free again at once.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body as _, Frame, SizeHint};
use ondol_doors::Clock;

use crate::body::{Body, BodyError, wide};
use crate::handle::{Handler, Sent};

/// A body as hyper takes it.
pub(super) struct AnswerBody<H: Handler>(Arc<Shared<H>>);

/// A body as the watchdog sees it.
pub(super) struct Shared<H: Handler> {
    handler: Arc<H>,
    clock: Arc<dyn Clock>,
    status: StatusCode,
    inner: Mutex<Inner<H::Record>>,
}

struct Inner<R> {
    body: Option<Body>,
    record: Option<R>,
    bytes: u64,
    complete: bool,
    /// Since when the reader could have asked for more and has not.
    offered: Option<Duration>,
}

impl<H: Handler> AnswerBody<H> {
    pub(super) fn new(
        handler: Arc<H>,
        clock: Arc<dyn Clock>,
        status: StatusCode,
        body: Body,
        record: H::Record,
    ) -> Self {
        let offered = Some(clock.running());
        let complete = body.is_end_stream();
        let body = Some(body);
        let inner = Inner { body, record: Some(record), bytes: 0, complete, offered };
        Self(Arc::new(Shared { handler, clock, status, inner: Mutex::new(inner) }))
    }

    pub(super) fn shared(&self) -> &Arc<Shared<H>> {
        &self.0
    }
}

impl<H: Handler> Shared<H> {
    fn inner(&self) -> MutexGuard<'_, Inner<H::Record>> {
        self.inner.lock().expect("nobody panics while holding a body")
    }

    /// Takes the body away if its reader has taken nothing for so long.
    pub(super) fn look(&self, now: Duration, wait: Duration) {
        let mut inner = self.inner();
        let stalled = inner.offered.is_some_and(|since| now.saturating_sub(since) > wait);
        if stalled && inner.body.take().is_some() {
            self.finish(&mut inner);
        }
    }

    fn finish(&self, inner: &mut Inner<H::Record>) {
        if let Some(record) = inner.record.take() {
            let (bytes, complete) = (inner.bytes, inner.complete);
            self.handler.finished(record, Sent { status: self.status, bytes, complete });
        }
    }
}

impl<H: Handler> http_body::Body for AnswerBody<H> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let shared = &self.0;
        let mut inner = shared.inner();
        let Some(body) = &mut inner.body else { return Poll::Ready(Some(Err(BodyError::TooSlow))) };
        let polled = body.poll_next(cx);
        match &polled {
            Poll::Pending => inner.offered = None,
            Poll::Ready(Some(Ok(frame))) => {
                inner.bytes += frame.data_ref().map_or(0, |data| wide(data.len()));
                inner.complete |= frame.is_trailers();
                inner.offered = Some(shared.clock.running());
            }
            Poll::Ready(None) => inner.complete = true,
            Poll::Ready(Some(Err(_))) => {}
        }
        inner.complete |= inner.body.as_ref().is_some_and(Body::is_end_stream);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0.inner().body.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.inner().body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl<H: Handler> Drop for AnswerBody<H> {
    fn drop(&mut self) {
        let mut inner = self.0.inner();
        self.0.finish(&mut inner);
    }
}
