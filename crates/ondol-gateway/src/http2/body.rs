//! A body that comes over HTTP/2.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::body::{BodyError, wide};
use crate::http1::allowed_trailers;
use crate::patience::{Pacer, Patience};
use crate::pool::Home;

/// A body, and how long it is waited for.
pub(crate) struct Http2Body {
    incoming: Incoming,
    wait: Wait,
    bytes: u64,
    bytes_max: u64,
    _held: Option<(Place, Home)>,
}

enum Wait {
    /// A client keeps a pace.
    Pace(Pacer),
    /// An upstream may be silent for so long.
    Idle(Patience, Duration),
}

/// A stream's place on a connection, given back when its body is over.
#[derive(Debug)]
pub(crate) struct Place(pub(super) Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Http2Body {
    /// From a client.
    pub(crate) const fn of_client(incoming: Incoming, pacer: Pacer) -> Self {
        Self { incoming, wait: Wait::Pace(pacer), bytes: 0, bytes_max: u64::MAX, _held: None }
    }

    /// From an upstream.
    pub(crate) const fn of_upstream(
        incoming: Incoming,
        patience: Patience,
        idle: Duration,
        held: (Place, Home),
    ) -> Self {
        let wait = Wait::Idle(patience, idle);
        Self { incoming, wait, bytes: 0, bytes_max: u64::MAX, _held: Some(held) }
    }

    pub(crate) fn limit(&mut self, bytes_max: u64) {
        self.bytes_max = self.bytes_max.min(bytes_max);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.incoming.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }

    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
                return self.poll_wait(cx).map(|()| Some(Err(BodyError::TooSlow)));
            };
            let Some(frame) = frame else { return Poll::Ready(None) };
            let frame = frame.map_err(|error| BodyError::Service(error.into()));
            return match frame.map(Frame::into_data) {
                Err(error) => Poll::Ready(Some(Err(error))),
                Ok(Ok(data)) => {
                    self.progress(data.len());
                    self.bytes += wide(data.len());
                    Poll::Ready(Some(match self.bytes > self.bytes_max {
                        true => Err(BodyError::TooLarge(self.bytes_max)),
                        false => Ok(Frame::data(data)),
                    }))
                }
                Ok(Err(frame)) => match frame.into_trailers().ok().and_then(allowed_trailers) {
                    Some(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                    None => continue,
                },
            };
        }
    }

    fn progress(&mut self, bytes: usize) {
        match &mut self.wait {
            Wait::Pace(pacer) => pacer.progress(bytes),
            Wait::Idle(patience, _) => patience.rest(),
        }
    }

    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.wait {
            Wait::Pace(pacer) => pacer.poll_too_slow(cx),
            Wait::Idle(patience, idle) => {
                if !patience.is_waiting() {
                    patience.wait(*idle);
                }
                patience.poll_over(cx)
            }
        }
    }
}
