//! Answers that are compressed on their way out, for clients that ask for it.
//!
//! gzip and nothing else: every client has it, and it is in the house already. What is compressed already,
//! what may not be changed (`no-transform`), parts, events and short answers pass as they are. What goes
//! out is flushed whenever the backend makes a pause, so that nobody waits for what is there.
//!
//! A secret beside what a stranger can choose, compressed together, can be guessed by its length (BREACH):
//! a route whose answers hold both is not to be compressed.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderName, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Frame, SizeHint};

use crate::body::{Body, BodyError};
use crate::cache::Control;
use crate::config::CompressOptions;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// How a route's answers are compressed.
#[derive(Debug, Clone)]
pub(crate) struct Compress(CompressOptions);

/// Whether a client understands gzip, and likes it at least as well as the plain answer.
pub(crate) fn wants_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut any, mut identity) = (None, None, None);
    for value in headers.get_all(ACCEPT_ENCODING) {
        for item in value.as_bytes().split(|byte| *byte == b',') {
            let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| {
                part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")).map(read_weight)
            });
            let weight = weight.unwrap_or(1000);
            match coding.as_slice() {
                b"gzip" | b"x-gzip" => gzip = Some(weight),
                b"*" => any = Some(weight),
                b"identity" => identity = Some(weight),
                _ => {}
            }
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= identity.unwrap_or(0)
}

/// Thousandths; what cannot be read is nothing.
fn read_weight(text: &[u8]) -> u32 {
    let (whole, part) = match text {
        [whole @ (b'0' | b'1')] => (*whole, &b""[..]),
        [whole @ (b'0' | b'1'), b'.', part @ ..] if part.len() <= 3 => (*whole, part),
        _ => return 0,
    };
    if !part.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let thousandths = [100, 10, 1];
    let part = part.iter().zip(thousandths).map(|(digit, worth)| u32::from(digit - b'0') * worth);
    (u32::from(whole - b'0') * 1000 + part.sum::<u32>()).min(1000)
}

impl Compress {
    pub(crate) const fn new(options: CompressOptions) -> Self {
        Self(options)
    }

    /// Compresses an answer, if that may be and is worth it. `wanted`: the client understands it.
    pub(crate) fn answer(&self, wanted: bool, mut response: Response<Body>) -> Response<Body> {
        if !self.may_be(&response) {
            return response;
        }
        // Also to those who get it plain: whoever keeps it must not give it to others.
        vary(response.headers_mut());
        if !wanted {
            return response;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        for name in [CONTENT_LENGTH, ACCEPT_RANGES, CONTENT_DIGEST] {
            headers.remove(name);
        }
        weaken(headers);
        if response.status() == StatusCode::NOT_MODIFIED {
            response.headers_mut().remove(CONTENT_ENCODING);
            return response;
        }
        let level = Compression::new(self.0.level);
        response.map(|body| match body.whole() {
            Some(whole) if whole.is_empty() => body,
            Some(whole) => pack(&whole, level).map_or(body, Body::full),
            None => Body::wrap(Packing {
                body,
                packer: Some(GzEncoder::new(Vec::new(), level)),
                dirty: false,
            }),
        })
    }

    fn may_be(&self, response: &Response<Body>) -> bool {
        let (status, headers) = (response.status(), response.headers());
        let bodiless = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT);
        let plain = !headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(CONTENT_RANGE);
        // An answer to HEAD says how long it would be.
        let said = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
        let length = response.body().length().filter(|length| *length > 0).or(said);
        let known = status == StatusCode::NOT_MODIFIED;
        let long = known || length.is_none_or(|length| length >= self.0.bytes_min);
        let of_kind = known || self.is_of_kind(headers);
        !bodiless && plain && long && of_kind && !Control::of(headers).no_transform
    }

    fn is_of_kind(&self, headers: &HeaderMap) -> bool {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        kind != "text/event-stream"
            && self.0.types.iter().any(|known| match known.strip_suffix('*') {
                Some(begin) => kind.starts_with(begin),
                None => kind == *known,
            })
    }
}

fn vary(headers: &mut HeaderMap) {
    let said = headers.get_all(VARY).iter().any(|value| {
        let mut names = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        names.any(|name| name == b"*" || name.eq_ignore_ascii_case(b"accept-encoding"))
    });
    if !said {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
}

/// Its bytes are not those that the tag was made for.
fn weaken(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")) {
        let weak = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat());
        if let Ok(weak) = weak {
            headers.insert(ETAG, weak);
        }
    }
}

fn pack(whole: &[u8], level: Compression) -> Option<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), level);
    packer.write_all(whole).ok()?;
    packer.finish().ok()
}

/// A body that is compressed as it passes.
struct Packing {
    body: Body,
    packer: Option<GzEncoder<Vec<u8>>>,
    /// Whether something waits inside that could go out.
    dirty: bool,
}

impl Packing {
    fn ready(&mut self) -> Option<Bytes> {
        let out = std::mem::take(self.packer.as_mut()?.get_mut());
        (!out.is_empty()).then(|| out.into())
    }
}

type Polled = Poll<Option<Result<Frame<Bytes>, BodyError>>>;

fn failed(error: std::io::Error) -> Polled {
    Poll::Ready(Some(Err(BodyError::Malformed(error.into()))))
}

impl http_body::Body for Packing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        loop {
            let Some(packer) = &mut this.packer else { return Poll::Ready(None) };
            match this.body.poll_next(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers would be about what it was before.
                    let Ok(data) = frame.into_data() else { continue };
                    if let Err(error) = packer.write_all(&data) {
                        return failed(error);
                    }
                    this.dirty = true;
                    if let Some(out) = this.ready() {
                        return Poll::Ready(Some(Ok(Frame::data(out))));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => {
                    let finished = this.packer.take().map(GzEncoder::finish);
                    return match finished {
                        Some(Ok(out)) if !out.is_empty() => {
                            Poll::Ready(Some(Ok(Frame::data(out.into()))))
                        }
                        Some(Err(error)) => failed(error),
                        _ => Poll::Ready(None),
                    };
                }
                Poll::Pending if this.dirty => {
                    if let Err(error) = packer.flush() {
                        return failed(error);
                    }
                    this.dirty = false;
                    if let Some(out) = this.ready() {
                        return Poll::Ready(Some(Ok(Frame::data(out))));
                    }
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.packer.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
