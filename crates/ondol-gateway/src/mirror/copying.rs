//! Copying a request and its answer as they pass, without holding them up.
//!
//! Pieces are noted as they go by, up to a limit. When the answer has ended well, and the request with it,
//! the copy is put in the queue; if either breaks off or is too large, there is no copy.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::compare::Answer;
use super::{Job, Mirror, Outcome};
use crate::body::{Body, Noted, wide};

/// A copy that is being made. Let go of before it is whole, it is counted as lost.
pub(crate) struct Copying {
    mirror: Arc<Mirror>,
    queue_max: usize,
    bytes_max: u64,
    compare: bool,
    job: Option<Box<Job>>,
    /// What the request's body was, once it is over.
    request: Arc<Mutex<Option<Noted>>>,
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
        let request = Arc::new(Mutex::new(None));
        let over = Arc::clone(&request);
        let noting = std::mem::take(body);
        *body = noting.noting(bytes_max, move |noted| *lock(&over) = Some(noted));
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
        let body = body.noting(self.bytes_max, move |noted| match noted {
            Noted::Whole(body) => self.end(status, &headers, Some(body)),
            Noted::Long(_) => self.end(status, &headers, None),
            // Nothing is known of the rest.
            Noted::Cut(_) => {}
        });
        Response::from_parts(parts, body)
    }

    fn end(&mut self, status: StatusCode, headers: &HeaderMap, body: Option<Bytes>) {
        let Some(mut job) = self.job.take() else { return };
        job.body = match lock(&self.request).take() {
            Some(Noted::Whole(body)) => body,
            Some(Noted::Long(_)) => return self.mirror.count(Outcome::TooLarge),
            // It broke off, or the answer came before it had ended.
            Some(Noted::Cut(_)) | None => return self.mirror.count(Outcome::Lost),
        };
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

fn lock(noted: &Mutex<Option<Noted>>) -> MutexGuard<'_, Option<Noted>> {
    noted.lock().expect("nobody panics while holding a copy")
}
