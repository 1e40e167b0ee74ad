//! A connection's two directions joined again, as hyper wants them, with an eye on the frames.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ondol_doors::Clock;
use tokio::io::AsyncWrite;

use super::frames::{CALM_DOWN, Frames, Useless};
use crate::http1::{Reader, Writer};

/// Both directions.
pub(crate) struct Joined {
    reader: Reader,
    writer: Writer,
    watch: Option<Watch>,
    /// What is in the buffer has not been looked at.
    unseen: bool,
}

struct Watch {
    clock: Arc<dyn Clock>,
    incoming: Frames,
    outgoing: Frames,
    useless: Useless,
    flooded: bool,
}

impl Joined {
    /// A client's connection: floods end it.
    pub(crate) fn watched(reader: Reader, writer: Writer, clock: Arc<dyn Clock>) -> Self {
        let watch = Watch {
            clock,
            incoming: Frames::from_client(),
            outgoing: Frames::from_server(),
            useless: Useless::default(),
            flooded: false,
        };
        Self { reader, writer, watch: Some(watch), unseen: true }
    }

    /// An upstream's connection.
    pub(crate) const fn trusted(reader: Reader, writer: Writer) -> Self {
        Self { reader, writer, watch: None, unseen: false }
    }

    fn look(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let Watch { clock, incoming, useless, flooded, outgoing } = watch;
        let mut now = None;
        incoming.follow(&self.reader.buffer, || {
            let now = *now.get_or_insert_with(|| clock.running());
            *flooded |= useless.add(now);
        });
        if !*flooded {
            return Ok(());
        }
        if outgoing.is_between() {
            // As much as leaves at once; who floods us may not be listening.
            drop(Pin::new(self.writer.half()).poll_write(cx, &CALM_DOWN));
        }
        Err(io::Error::other("a flood of frames that mean nothing"))
    }
}

impl hyper::rt::Read for Joined {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.reader.buffer.is_empty() {
            if !ready!(this.reader.poll_fill(cx))? {
                return Poll::Ready(Ok(()));
            }
            this.unseen = true;
        }
        if this.unseen {
            this.unseen = false;
            this.look(cx)?;
        }
        let length = this.reader.buffer.len().min(buffer.remaining());
        buffer.put_slice(&this.reader.buffer.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Joined {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(this.writer.half()).poll_write(cx, bytes))?;
        if let Some(watch) = &mut this.watch {
            watch.outgoing.follow(&bytes[..written], || {});
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().writer.half()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().writer.half()).poll_shutdown(cx)
    }
}
