//! Copying a request and its answer as they pass, without holding them up.
//!
//! Pieces are noted as they go by, up to a limit. When the answer has ended well, and the request with it,
//! the copy is put in the queue; if either breaks off or is too large, there is no copy.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode};
use http_body::{Frame, SizeHint};

use super::compare::Answer;
use super::{Job, Mirror, Outcome};
use crate::body::{Body, BodyError, wide};

/// A copy that is being made. Let go of before it is whole, it is counted as lost.
pub(crate) struct Copying {
    mirror: Arc<Mirror>,
    queue_max: usize,
    bytes_max: u64,
    compare: bool,
    job: Option<Box<Job>>,
    request: Arc<Mutex<Noted>>,
}

/// A body that passes.
#[derive(Debug, Default)]
struct Noted {
    bytes: BytesMut,
    whole: bool,
    too_large: bool,
}

impl Noted {
    fn note(&mut self, frame: &Frame<Bytes>, bytes_max: u64) {
        let Some(data) = frame.data_ref() else { return };
        if self.too_large || wide(self.bytes.len() + data.len()) > bytes_max {
            self.too_large = true;
            self.bytes = BytesMut::new();
            return;
        }
        self.bytes.extend_from_slice(data);
    }
}

impl Copying {
    /// Begins with a request's body, which goes on as it would.
    pub(super) fn begin(
        mirror: &Arc<Mirror>,
        options: &crate::config::MirrorOptions,
        job: Job,
        body: &mut Body,
    ) -> Option<Self> {
        let bytes_max = options.body_bytes_max;
        if body.length().is_some_and(|length| length > bytes_max) {
            mirror.count(Outcome::TooLarge);
            return None;
        }
        let request = Arc::new(Mutex::new(Noted::default()));
        match body.whole() {
            Some(whole) => {
                let mut noted = lock(&request);
                noted.bytes.extend_from_slice(&whole);
                noted.whole = true;
            }
            None => {
                let inner = std::mem::take(body);
                let noted = Arc::clone(&request);
                *body = Body::wrap(NotedBody { body: inner, noted, bytes_max });
            }
        }
        Some(Self {
            mirror: Arc::clone(mirror),
            queue_max: options.queue_max,
            bytes_max,
            compare: options.compare,
            job: Some(Box::new(job)),
            request,
        })
    }

    /// Goes on with the answer.
    pub(crate) fn watch(mut self, response: Response<Body>) -> Response<Body> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.job = None;
            return response;
        }
        let (parts, body) = response.into_parts();
        let known = body.whole().filter(|whole| wide(whole.len()) <= self.bytes_max);
        if known.is_some() || !self.compare {
            self.end(parts.status, &parts.headers, known);
            return Response::from_parts(parts, body);
        }
        let (status, headers) = (parts.status, parts.headers.clone());
        let answer = Noted::default();
        let copying = CopyingBody { body, answer, status, headers, copying: self };
        Response::from_parts(parts, Body::wrap(copying))
    }

    fn end(&mut self, status: StatusCode, headers: &HeaderMap, body: Option<Bytes>) {
        let Some(mut job) = self.job.take() else { return };
        {
            let mut request = lock(&self.request);
            if request.too_large {
                self.mirror.count(Outcome::TooLarge);
                return;
            }
            if !request.whole {
                // The answer came before the request had ended.
                self.mirror.count(Outcome::Lost);
                return;
            }
            job.body = std::mem::take(&mut request.bytes).freeze();
        }
        let status = status.as_u16().to_string();
        job.answer = Answer { status, headers: headers.clone(), body };
        self.mirror.push(job, self.queue_max);
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        if self.job.is_some() {
            self.mirror.count(Outcome::Lost);
        }
    }
}

fn lock(noted: &Mutex<Noted>) -> MutexGuard<'_, Noted> {
    noted.lock().expect("nobody panics while holding a copy")
}

/// A request's body on its way.
struct NotedBody {
    body: Body,
    noted: Arc<Mutex<Noted>>,
    bytes_max: u64,
}

impl http_body::Body for NotedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = ready!(this.body.poll_next(cx));
        let mut noted = lock(&this.noted);
        match &frame {
            Some(Ok(frame)) => {
                noted.note(frame, this.bytes_max);
                // Nobody may ask again when all of it is here.
                noted.whole = http_body::Body::is_end_stream(&this.body);
            }
            Some(Err(_)) => {}
            None => noted.whole = true,
        }
        drop(noted);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}

/// An answer's body on its way.
struct CopyingBody {
    body: Body,
    answer: Noted,
    status: StatusCode,
    headers: HeaderMap,
    copying: Copying,
}

impl CopyingBody {
    fn end(&mut self) {
        let answer = std::mem::take(&mut self.answer);
        let body = (!answer.too_large).then(|| answer.bytes.freeze());
        self.copying.end(self.status, &self.headers, body);
    }
}

impl http_body::Body for CopyingBody {
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
                this.answer.note(frame, this.copying.bytes_max);
                if http_body::Body::is_end_stream(&this.body) {
                    this.end();
                }
            }
            // Nothing is known of the rest.
            Some(Err(_)) => {}
            None => this.end(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}
