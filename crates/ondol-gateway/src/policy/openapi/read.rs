//! A body read whole, so far as it may be.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Frame;

use crate::body::{Body, BodyError, wide};
use crate::problem::Problem;

/// A body that was read.
pub(super) enum Gathered {
    Whole(Bytes),
    /// It is larger than it may be; nothing of it is lost.
    TooLarge(Body),
}

/// Reads a body whole.
pub(super) async fn gather(mut body: Body, bytes_max: u64) -> Result<Gathered, Problem> {
    if let Some(bytes) = body.whole() {
        let fits = wide(bytes.len()) <= bytes_max;
        return Ok(if fits { Gathered::Whole(bytes) } else { Gathered::TooLarge(body) });
    }
    if body.length().is_some_and(|length| length > bytes_max) {
        return Ok(Gathered::TooLarge(body));
    }
    let mut read = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.poll_next(cx)).await {
        let frame = frame.map_err(|error| crate::gateway::of_body(&error))?;
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data);
        }
        if wide(read.len()) > bytes_max {
            let begun = Some(read.freeze());
            return Ok(Gathered::TooLarge(Body::wrap(Begun { begun, rest: body })));
        }
    }
    Ok(Gathered::Whole(read.freeze()))
}

/// A body of which the beginning has been read.
struct Begun {
    begun: Option<Bytes>,
    rest: Body,
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match this.begun.take() {
            Some(begun) => Poll::Ready(Some(Ok(Frame::data(begun)))),
            None => this.rest.poll_next(cx),
        }
    }
}
