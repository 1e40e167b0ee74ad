//! What has arrived on a connection and not been used yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio_util::io::poll_read_buf;

use crate::wire::ReadHalf;

/// Room asked for at a time: a head and a small body, or a good piece of a large one.
const ROOM_BYTES: usize = 16 * 1024;
/// Below this much room, more is made.
const ROOM_BYTES_MIN: usize = 4 * 1024;

/// A direction to read from, and a buffer.
#[derive(Debug)]
pub(crate) struct Reader {
    half: ReadHalf,
    pub(crate) buffer: BytesMut,
    ended: bool,
}

impl Reader {
    pub(crate) fn new(half: ReadHalf) -> Self {
        Self { half, buffer: BytesMut::new(), ended: false }
    }

    /// Reads more. Nothing more will come when it answers `false`.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        if self.buffer.capacity() - self.buffer.len() < ROOM_BYTES_MIN {
            self.buffer.reserve(ROOM_BYTES);
        }
        let read = ready!(poll_read_buf(Pin::new(&mut self.half), cx, &mut self.buffer))?;
        self.ended = read == 0;
        Poll::Ready(Ok(!self.ended))
    }

    /// Whether the other side has said its last.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether an idle connection is open and silent, as it should be.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.ended && self.buffer.is_empty() && self.half.is_quiet()
    }
}
