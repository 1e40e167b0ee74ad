//! The reading direction of a client's connection, here or lent to a body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::AHEAD_BYTES_MAX;
use crate::http1::body::Returned;
use crate::http1::decode::Decoder;
use crate::http1::reader::Reader;

/// The reading direction, here or lent to a body.
pub(super) struct Incoming {
    pub(super) reader: Option<Reader>,
    pub(super) away: Option<oneshot::Receiver<Returned>>,
    /// What of a body has not been read.
    pub(super) leftover: Option<Decoder>,
}

impl Incoming {
    /// Takes the direction back when the body lets go of it.
    pub(super) fn poll_return(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(away) = &mut self.away else { return Poll::Ready(()) };
        let Poll::Ready(returned) = Pin::new(away).poll(cx) else { return Poll::Pending };
        self.away = None;
        if let Ok((reader, decoder)) = returned {
            self.reader = Some(reader);
            self.leftover = (!decoder.is_done()).then_some(decoder);
        }
        Poll::Ready(())
    }

    /// Notices that the client has gone. Ready only then.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.poll_return(cx).is_pending() || self.leftover.is_some() {
            return Poll::Pending;
        }
        let Some(reader) = &mut self.reader else { return Poll::Pending };
        while !reader.has_ended() && reader.buffer.len() < AHEAD_BYTES_MAX {
            match reader.poll_fill(cx) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(error),
                Poll::Pending => break,
            }
        }
        Poll::Pending
    }

    pub(super) fn has_ended(&self) -> bool {
        self.reader.as_ref().is_some_and(Reader::has_ended)
    }
}
