//! After an upgrade: bytes both ways, understood by nobody in between.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::reader::Reader;
use super::write::Writer;
use crate::patience::{Pacer, Patience};

/// The upstream's side of an upgraded connection.
pub(crate) struct Tunnel {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    /// How long it may be silent.
    pub(crate) idle: Duration,
    /// Cut when this is.
    pub(crate) cut: CancellationToken,
}

/// How many bytes went each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) up: u64,
    pub(crate) down: u64,
}

/// Carries bytes until both sides have said their last, one fails, or nobody says anything.
pub(crate) async fn carry(
    reader: &mut Reader,
    writer: &mut Writer,
    tunnel: &mut Tunnel,
    patience: &mut Patience,
    pacer: &mut Pacer,
) -> io::Result<Carried> {
    let Tunnel { reader: from_upstream, writer: to_upstream, idle, cut } = tunnel;
    let mut up = Way::default();
    let mut down = Way::default();
    let carry = std::future::poll_fn(|cx| {
        let (mut moved, mut taken) = (false, 0);
        let upward = up.poll(cx, reader, to_upstream, &mut moved, &mut 0)?;
        let downward = down.poll(cx, from_upstream, writer, &mut moved, &mut taken)?;
        if taken > 0 {
            pacer.progress(taken);
        }
        // Who does not take what it asked for makes us hold it, and is let go as any slow client is.
        if !writer.is_empty() && pacer.poll_too_slow(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if upward.is_ready() && downward.is_ready() {
            return Poll::Ready(Ok(Carried { up: up.bytes, down: down.bytes }));
        }
        if moved || !up.started {
            up.started = true;
            patience.wait(*idle);
        }
        patience.poll_over(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    });
    tokio::select! {
        carried = carry => carried,
        () = cut.cancelled() => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

#[derive(Debug, Default)]
struct Way {
    bytes: u64,
    closed: bool,
    started: bool,
}

impl Way {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut Reader,
        writer: &mut Writer,
        moved: &mut bool,
        taken: &mut usize,
    ) -> Poll<io::Result<()>> {
        if self.closed {
            return Poll::Ready(Ok(()));
        }
        loop {
            if writer.has_room() && !reader.buffer.is_empty() {
                let data = reader.buffer.split().freeze();
                self.bytes += crate::body::wide(data.len());
                writer.data(data);
            }
            if !writer.is_empty() {
                match writer.poll_send(cx)? {
                    Poll::Ready(sent) => {
                        *taken += sent;
                        *moved = true;
                        continue;
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
            match reader.poll_fill(cx)? {
                Poll::Ready(true) => *moved = true,
                Poll::Ready(false) => {
                    std::task::ready!(writer.poll_close(cx))?;
                    self.closed = true;
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
