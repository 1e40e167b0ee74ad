//! Reading an answer whole, if it is not too long.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use crate::body::{Body, BodyError, wide};

/// What was read.
#[derive(Debug)]
pub(crate) enum Gathered {
    /// All of it.
    Whole(Bytes),
    /// It is too long, or has trailers: the same body, with what was read of it in front.
    More(Body),
}

/// Reads a body up to a limit.
///
/// # Errors
/// When it ends before its end.
pub(crate) async fn gather(mut body: Body, bytes_max: u64) -> Result<Gathered, BodyError> {
    if let Some(whole) = body.whole() {
        return Ok(match wide(whole.len()) > bytes_max {
            true => Gathered::More(body),
            false => Gathered::Whole(whole),
        });
    }
    let mut frames: VecDeque<Bytes> = VecDeque::new();
    let mut bytes = 0;
    loop {
        let Some(frame) = poll_fn(|cx| body.poll_next(cx)).await else { break };
        match frame?.into_data() {
            Ok(data) => {
                bytes += wide(data.len());
                frames.push_back(data);
                if bytes > bytes_max {
                    let first = frames.into_iter().map(Frame::data).collect();
                    return Ok(Gathered::More(Body::wrap(Resumed { first, rest: body })));
                }
            }
            Err(trailers) => {
                let first = frames.into_iter().map(Frame::data).chain([trailers]).collect();
                return Ok(Gathered::More(Body::wrap(Resumed { first, rest: body })));
            }
        }
    }
    if frames.len() == 1 {
        return Ok(Gathered::Whole(frames.pop_front().unwrap_or_default()));
    }
    let mut whole = BytesMut::with_capacity(usize::try_from(bytes).unwrap_or(0));
    for frame in frames {
        whole.extend_from_slice(&frame);
    }
    Ok(Gathered::Whole(whole.freeze()))
}

/// A body that was looked at.
struct Resumed {
    first: VecDeque<Frame<Bytes>>,
    rest: Body,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match this.first.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => this.rest.poll_next(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.first.iter().any(Frame::is_trailers) {
            return SizeHint::default();
        }
        let first: usize = self.first.iter().filter_map(Frame::data_ref).map(Bytes::len).sum();
        let rest = self.rest.size_hint().exact();
        rest.map_or_else(SizeHint::default, |rest| SizeHint::with_exact(rest + wide(first)))
    }
}
