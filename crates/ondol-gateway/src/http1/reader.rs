//! What has arrived on a connection and not been used yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio_util::io::poll_read_buf;

use crate::wire::ReadHalf;

/// Room at first: a head and a small body. Small, so that what all connections use stays near the core.
const ROOM_BYTES: usize = 4 * 1024;
/// Room for those who fill what they are given.
const ROOM_BYTES_MAX: usize = 64 * 1024;
/// Below this much room, more is made.
const ROOM_BYTES_MIN: usize = 1024;

/// A direction to read from, and a buffer.
#[derive(Debug)]
pub(crate) struct Reader {
    half: ReadHalf,
    pub(crate) buffer: BytesMut,
    room: usize,
    ended: bool,
}

impl Reader {
    pub(crate) fn new(half: ReadHalf) -> Self {
        Self { half, buffer: BytesMut::new(), room: ROOM_BYTES, ended: false }
    }

    /// Reads more. Nothing more will come when it answers `false`.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        self.make_room();
        let room = self.buffer.capacity() - self.buffer.len();
        let read = ready!(poll_read_buf(Pin::new(&mut self.half), cx, &mut self.buffer))?;
        self.ended = read == 0;
        if read == room {
            self.room = (self.room * 2).min(ROOM_BYTES_MAX);
        }
        Poll::Ready(Ok(!self.ended))
    }

    /// The same memory again, if nobody holds a piece of what was in it: it is still near the core.
    fn make_room(&mut self) {
        let again = self.buffer.is_empty() && self.buffer.try_reclaim(self.room);
        if !again && self.buffer.capacity() - self.buffer.len() < ROOM_BYTES_MIN {
            self.buffer.reserve(self.room);
        }
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
