//! Compressed requests: how large they are when they are unfolded.
//!
//! A megabyte can unfold to a gigabyte. The body goes on as it came, but what it unfolds to is counted on
//! the way, and more than the route's limit ends it. A coding that cannot be counted is refused, unless
//! the configuration lets it pass.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body::{Frame, SizeHint};

use crate::body::{Body, BodyError, wide};
use crate::problem::Problem;

/// Watches over a request's body, if it is compressed.
pub(crate) fn watch(
    headers: &HeaderMap,
    body: Body,
    bytes_max: u64,
    passed: &[String],
) -> Result<Body, Problem> {
    if http_body::Body::is_end_stream(&body) {
        return Ok(body);
    }
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let Some(value) = values.next() else { return Ok(body) };
    let coding = value.to_str().unwrap_or_default().trim();
    if values.next().is_some() {
        return Err(Problem::UnknownCoding);
    }
    let counted = Counted { bytes: 0, bytes_max };
    let unfolding = match coding.to_ascii_lowercase().as_str() {
        "identity" => return Ok(body),
        "gzip" | "x-gzip" => Unfolding::Gzip(MultiGzDecoder::new(counted)),
        "deflate" => Unfolding::Deflate(ZlibDecoder::new(counted)),
        other if passed.iter().any(|coding| coding.eq_ignore_ascii_case(other)) => return Ok(body),
        _ => return Err(Problem::UnknownCoding),
    };
    Ok(Body::wrap(Watched { body, unfolding, bytes_max }))
}

enum Unfolding {
    Gzip(MultiGzDecoder<Counted>),
    Deflate(ZlibDecoder<Counted>),
}

/// Counts what it is given and keeps none of it.
#[derive(Debug)]
struct Counted {
    bytes: u64,
    bytes_max: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes = self.bytes.saturating_add(wide(bytes.len()));
        match self.bytes > self.bytes_max {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Watched {
    body: Body,
    unfolding: Unfolding,
    bytes_max: u64,
}

impl Watched {
    fn count(&mut self, data: &[u8]) -> Result<(), BodyError> {
        let counted = match &mut self.unfolding {
            Unfolding::Gzip(decoder) => decoder.write_all(data),
            Unfolding::Deflate(decoder) => decoder.write_all(data),
        };
        counted.map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => BodyError::TooLarge(self.bytes_max),
            _ => BodyError::Malformed(error.into()),
        })
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = match ready!(this.body.poll_next(cx)) {
            Some(Ok(frame)) => frame,
            other => return Poll::Ready(other),
        };
        if let Some(data) = frame.data_ref() {
            this.count(data)?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
