//! A body that is kept as it passes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use super::{Kept, Key, is_too_long};
use crate::body::{Body, BodyError};

/// Passes a body on, and keeps it if it ends well and is not too long.
pub(super) struct KeepingBody {
    body: Body,
    keeping: Option<Keeping>,
}

struct Keeping {
    kept: Arc<Kept>,
    key: Key,
    headers: HeaderMap,
    bytes: BytesMut,
}

impl KeepingBody {
    pub(super) fn new(body: Body, kept: Arc<Kept>, key: Key, headers: HeaderMap) -> Self {
        let keeping = Keeping { kept, key, headers, bytes: BytesMut::new() };
        Self { body, keeping: Some(keeping) }
    }

    fn note(&mut self, frame: &Frame<Bytes>) {
        let Some(keeping) = &mut self.keeping else { return };
        match frame.data_ref() {
            Some(data) if !is_too_long(keeping.bytes.len() + data.len()) => {
                keeping.bytes.extend_from_slice(data);
            }
            // Too long, or with trailers.
            _ => self.keeping = None,
        }
    }

    fn end(&mut self) {
        if let Some(Keeping { kept, key, headers, bytes }) = self.keeping.take() {
            kept.put(key, &headers, &bytes);
        }
    }
}

impl http_body::Body for KeepingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = ready!(this.body.poll_next(cx));
        match &frame {
            Some(Ok(frame)) => {
                this.note(frame);
                // Nobody may ask again when all of it is here.
                if http_body::Body::is_end_stream(&this.body) {
                    this.end();
                }
            }
            Some(Err(_)) => this.keeping = None,
            None => this.end(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
