//! A body read to its end, and ready to be read again: what was looked at goes on as it came.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use crate::body::{Body, BodyError, wide};

/// Reads all of a body, if it is not longer than this, and puts it back. What is read stays the same.
pub(super) async fn peek(body: &mut Body, bytes_max: u64) -> Result<Bytes, BodyError> {
    if body.length().is_some_and(|length| length > bytes_max) {
        return Err(BodyError::TooLarge(bytes_max));
    }
    if let Some(whole) = body.whole() {
        return Ok(whole);
    }
    let mut bytes = BytesMut::new();
    let mut trailers = None;
    while let Some(frame) = poll_fn(|cx| body.poll_next(cx)).await {
        match frame?.into_data() {
            Ok(data) if wide(bytes.len() + data.len()) > bytes_max => {
                return Err(BodyError::TooLarge(bytes_max));
            }
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    let bytes = bytes.freeze();
    *body = Body::wrap(Held { bytes: bytes.clone(), trailers });
    Ok(bytes)
}

/// A body held in memory. That it is there does not make it one that may be sent twice.
struct Held {
    bytes: Bytes,
    trailers: Option<HeaderMap>,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.trailers {
            None => SizeHint::with_exact(wide(self.bytes.len())),
            // Of unknown length, so that it goes out in a form that may have trailers.
            Some(_) => SizeHint::default(),
        }
    }
}
