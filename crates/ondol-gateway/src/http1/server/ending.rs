//! After an answer: what is left of the request is read, or the connection is ended so that the
//! answer arrives.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::{LINGER, Session, Turn};
use crate::body::wide;
use crate::handle::Handler;
use crate::http1::decode::{Decoded, Decoder};
use crate::http1::reader::Reader;

impl<H: Handler> Session<'_, H> {
    /// Reads what is left of a body, so that the next request begins where it should.
    pub(super) async fn settle(&mut self) -> Turn {
        let Self { incoming, patience, limits, .. } = self;
        if incoming.reader.is_some() && incoming.leftover.is_none() {
            return Turn::Again;
        }
        patience.wait(limits.drain_wait);
        let mut left = limits.drain_bytes_max;
        poll_fn(|cx| {
            if patience.poll_over(cx).is_ready() {
                return Poll::Ready(Turn::Linger);
            }
            if incoming.poll_return(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(reader) = &mut incoming.reader else { return Poll::Ready(Turn::Over) };
            let Some(decoder) = &mut incoming.leftover else { return Poll::Ready(Turn::Again) };
            match poll_drain(cx, reader, decoder, &mut left) {
                Poll::Ready(true) => {
                    incoming.leftover = None;
                    Poll::Ready(Turn::Again)
                }
                Poll::Ready(false) => Poll::Ready(Turn::Linger),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Says goodbye, then reads on for a moment: a reset would destroy the answer on its way.
    pub(super) async fn linger(&mut self) {
        let Self { incoming, writer, patience, limits, .. } = self;
        let mut left = limits.drain_bytes_max;
        let mut closed = false;
        patience.wait(LINGER);
        poll_fn(|cx| {
            if !closed && writer.poll_close(cx).is_ready() {
                closed = true;
            }
            if patience.poll_over(cx).is_ready() {
                return Poll::Ready(());
            }
            if incoming.poll_return(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(reader) = &mut incoming.reader else { return Poll::Ready(()) };
            loop {
                let read = wide(reader.buffer.len());
                reader.buffer.clear();
                left = left.saturating_sub(read);
                if left == 0 {
                    return Poll::Ready(());
                }
                match reader.poll_fill(cx) {
                    Poll::Ready(Ok(true)) => {}
                    Poll::Ready(_) if closed => return Poll::Ready(()),
                    Poll::Ready(_) | Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
    }
}

fn poll_drain(
    cx: &mut Context<'_>,
    reader: &mut Reader,
    decoder: &mut Decoder,
    left: &mut u64,
) -> Poll<bool> {
    loop {
        match decoder.decode(&mut reader.buffer) {
            Ok(Decoded::End | Decoded::Trailers(_)) => return Poll::Ready(true),
            Ok(Decoded::Data(data)) => match left.checked_sub(wide(data.len())) {
                Some(rest) => *left = rest,
                None => return Poll::Ready(false),
            },
            Ok(Decoded::Starved) => match reader.poll_fill(cx) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(_) => return Poll::Ready(false),
                Poll::Pending => return Poll::Pending,
            },
            Err(_) => return Poll::Ready(false),
        }
    }
}
