//! Moves a body into a connection: a frame is taken when there is room, and sent.

use std::io;
use std::task::{Context, Poll};

use super::outgoing::Outgoing;
use super::write::Writer;
use crate::body::{Body, BodyError, wide};

/// Why a body could not be sent whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PumpError {
    #[error("the body failed")]
    Body(#[source] BodyError),
    #[error("the body's length is not what was announced")]
    Length,
    #[error("the connection failed")]
    Io(#[from] io::Error),
}

/// A body on its way out.
pub(crate) struct Pump {
    body: Body,
    framing: Outgoing,
    left: u64,
    taken: bool,
    /// Why there is no more of it: said when what was there has left.
    failed: Option<PumpError>,
    /// How many bytes of the body have been taken.
    pub(crate) bytes: u64,
}

impl Pump {
    pub(crate) fn new(body: Body, framing: Outgoing) -> Self {
        let left = if let Outgoing::Length(length) = framing { length } else { 0 };
        let taken = matches!(framing, Outgoing::Nothing | Outgoing::Length(0));
        // What is never sent is let go of now: its connection may have better things to do.
        let body = if framing == Outgoing::Nothing { Body::empty() } else { body };
        Self { body, framing, left, taken, failed: None, bytes: 0 }
    }

    /// Whether the body has nothing more to give.
    pub(crate) const fn is_taken(&self) -> bool {
        self.taken
    }

    /// Takes and sends what it can; `sent` grows by what has left. Ready when all of it has.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        writer: &mut Writer,
        sent: &mut usize,
    ) -> Poll<Result<(), PumpError>> {
        loop {
            while !self.taken && writer.has_room() {
                let taken = match self.body.poll_next(cx) {
                    Poll::Ready(Some(Ok(frame))) => self.take(frame, writer),
                    Poll::Ready(Some(Err(error))) => Err(PumpError::Body(error)),
                    Poll::Ready(None) => self.end(None, writer),
                    Poll::Pending => break,
                };
                if let Err(error) = taken {
                    self.failed = Some(error);
                    self.finish();
                }
            }
            if writer.is_empty() {
                return match (self.failed.take(), self.taken) {
                    (Some(error), _) => Poll::Ready(Err(error)),
                    (None, true) => Poll::Ready(Ok(())),
                    (None, false) => Poll::Pending,
                };
            }
            match writer.poll_send(cx)? {
                Poll::Ready(bytes) => *sent += bytes,
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn take(
        &mut self,
        frame: http_body::Frame<bytes::Bytes>,
        writer: &mut Writer,
    ) -> Result<(), PumpError> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                let trailers = frame.into_trailers().ok();
                return self.end(trailers.as_ref(), writer);
            }
        };
        let length = wide(data.len());
        self.bytes += length;
        match self.framing {
            Outgoing::Length(_) => {
                self.left = self.left.checked_sub(length).ok_or(PumpError::Length)?;
                writer.data(data);
                if self.left == 0 {
                    self.finish();
                }
            }
            Outgoing::Chunked => writer.chunk(data),
            Outgoing::UntilClose => writer.data(data),
            Outgoing::Nothing => {}
        }
        Ok(())
    }

    fn end(
        &mut self,
        trailers: Option<&http::HeaderMap>,
        writer: &mut Writer,
    ) -> Result<(), PumpError> {
        if self.left > 0 {
            return Err(PumpError::Length);
        }
        if self.framing == Outgoing::Chunked {
            if !writer.has_room() {
                // Cannot be: frames are only taken while there is room.
                return Err(PumpError::Length);
            }
            writer.last_chunk(trailers);
        }
        self.finish();
        Ok(())
    }

    fn finish(&mut self) {
        self.taken = true;
        self.body = Body::empty();
    }
}
