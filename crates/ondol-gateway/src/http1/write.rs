//! What waits to be sent on a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use tokio::io::AsyncWrite;

use crate::wire::WriteHalf;

/// Data up to this size is copied behind what already waits, to leave in one piece with it.
const COPY_BYTES_MAX: usize = 4 * 1024;
/// With this much waiting, no more is taken until some has left.
const WAITING_BYTES_MAX: usize = 64 * 1024;

/// A direction to write to, small things waiting in a buffer, and at most one large thing.
#[derive(Debug)]
pub(crate) struct Writer {
    half: WriteHalf,
    pub(crate) buffer: BytesMut,
    large: Bytes,
    tail: &'static [u8],
    flushed: bool,
}

impl Writer {
    pub(crate) fn new(half: WriteHalf) -> Self {
        Self {
            half,
            buffer: BytesMut::with_capacity(1024),
            large: Bytes::new(),
            tail: b"",
            flushed: true,
        }
    }

    /// Whether there is room for more.
    pub(crate) fn has_room(&self) -> bool {
        self.large.is_empty() && self.tail.is_empty() && self.buffer.len() < WAITING_BYTES_MAX
    }

    /// Whether everything has left.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.large.is_empty() && self.tail.is_empty() && self.flushed
    }

    /// Sends these bytes after what waits; ask [`has_room`](Self::has_room) first.
    pub(crate) fn data(&mut self, data: Bytes) {
        if data.len() <= COPY_BYTES_MAX {
            self.buffer.extend_from_slice(&data);
        } else {
            self.large = data;
        }
    }

    /// Sends these bytes as a chunk; ask [`has_room`](Self::has_room) first.
    pub(crate) fn chunk(&mut self, data: Bytes) {
        if data.is_empty() {
            return;
        }
        self.number::<16>(data.len());
        self.buffer.extend_from_slice(b"\r\n");
        if data.len() <= COPY_BYTES_MAX {
            self.buffer.extend_from_slice(&data);
            self.buffer.extend_from_slice(b"\r\n");
        } else {
            self.large = data;
            self.tail = b"\r\n";
        }
    }

    /// Ends a chunked body.
    pub(crate) fn last_chunk(&mut self, trailers: Option<&HeaderMap>) {
        self.buffer.extend_from_slice(b"0\r\n");
        if let Some(trailers) = trailers {
            self.headers(trailers);
        }
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// Header lines.
    pub(crate) fn headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            self.header(name.as_str(), value.as_bytes());
        }
    }

    /// One header line.
    pub(crate) fn header(&mut self, name: &str, value: &[u8]) {
        self.buffer.reserve(name.len() + value.len() + 4);
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(b": ");
        self.buffer.extend_from_slice(value);
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// A number in base 10 or 16.
    pub(crate) fn number<const BASE: usize>(&mut self, mut number: usize) {
        let count = number.checked_ilog(BASE).and_then(|log| usize::try_from(log + 1).ok());
        let at = self.buffer.len();
        self.buffer.resize(at + count.unwrap_or(1), b'0');
        for digit in self.buffer[at..].iter_mut().rev() {
            *digit = b"0123456789abcdef"[number % BASE];
            number /= BASE;
        }
    }

    /// Sends some of what waits: how much, or that all has left.
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let next: &[u8] = match (self.buffer.is_empty(), self.large.is_empty()) {
            (false, _) => &self.buffer,
            (true, false) => &self.large,
            (true, true) => self.tail,
        };
        if next.is_empty() {
            ready!(Pin::new(&mut self.half).poll_flush(cx))?;
            self.flushed = true;
            return Poll::Ready(Ok(0));
        }
        let sent = ready!(Pin::new(&mut self.half).poll_write(cx, next))?;
        self.flushed = matches!(self.half, WriteHalf::Plain(_));
        if sent == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.forget(sent);
        Poll::Ready(Ok(sent))
    }

    fn forget(&mut self, sent: usize) {
        if !self.buffer.is_empty() {
            match sent == self.buffer.len() {
                true => self.buffer.clear(),
                false => self.buffer.advance(sent),
            }
        } else if !self.large.is_empty() {
            self.large.advance(sent);
        } else {
            self.tail = &self.tail[sent..];
        }
    }

    /// The direction itself, for who does its own buffering.
    pub(crate) const fn half(&mut self) -> &mut WriteHalf {
        &mut self.half
    }

    /// Says that nothing more will come.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.half).poll_shutdown(cx)
    }
}
