//! A request's body, read from the client's connection when someone asks for it.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::sync::oneshot;

use super::decode::{Decoded, Decoder};
use super::grammar::is_forbidden_trailer;
use super::reader::Reader;
use crate::body::{BodyError, wide};
use crate::patience::Pacer;

/// The direction and where in the body it stands, on their way back to the connection.
pub(crate) type Returned = (Reader, Decoder);

/// The trailers without those that may not come after the body. `None` when nothing is left.
pub(crate) fn allowed_trailers(mut trailers: HeaderMap) -> Option<HeaderMap> {
    let forbidden: Vec<_> =
        trailers.keys().filter(|name| is_forbidden_trailer(name)).cloned().collect();
    for name in forbidden {
        trailers.remove(name);
    }
    (!trailers.is_empty()).then_some(trailers)
}

/// A body that a client is sending. It holds the reading direction, and gives it back.
pub(crate) struct ClientBody {
    held: Option<Returned>,
    home: Option<oneshot::Sender<Returned>>,
    go_on: Option<oneshot::Sender<()>>,
    pacer: Pacer,
    bytes: u64,
    bytes_max: u64,
}

impl ClientBody {
    pub(crate) fn new(
        reader: Reader,
        decoder: Decoder,
        home: oneshot::Sender<Returned>,
        pacer: Pacer,
    ) -> Self {
        let held = Some((reader, decoder));
        Self { held, home: Some(home), go_on: None, pacer, bytes: 0, bytes_max: u64::MAX }
    }

    /// The client waits to be told to go on; this tells when someone wants the body.
    pub(crate) fn ask_first(mut self, go_on: oneshot::Sender<()>) -> Self {
        self.go_on = Some(go_on);
        self
    }

    pub(crate) fn limit(&mut self, bytes_max: u64) {
        self.bytes_max = self.bytes_max.min(bytes_max);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.held.as_ref().is_none_or(|(_, decoder)| decoder.is_done())
    }

    pub(crate) fn remaining(&self) -> Option<u64> {
        self.held.as_ref().map_or(Some(0), |(_, decoder)| decoder.remaining())
    }

    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some((reader, decoder)) = &mut self.held else { return Poll::Ready(None) };
        loop {
            let decoded = decoder.decode(&mut reader.buffer);
            match decoded.map_err(|error| BodyError::Malformed(error.into())) {
                Err(error) => return Poll::Ready(Some(Err(error))),
                Ok(Decoded::Data(data)) => return Poll::Ready(Some(self.count(data))),
                Ok(Decoded::Trailers(trailers)) => {
                    self.give_back();
                    let trailers = allowed_trailers(trailers);
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Ok(Decoded::End) => {
                    self.give_back();
                    return Poll::Ready(None);
                }
                Ok(Decoded::Starved) => {}
            }
            if let Some(go_on) = self.go_on.take() {
                // The connection is gone if nobody listens, which the next read will find.
                let _told: Result<(), ()> = go_on.send(());
            }
            let before = reader.buffer.len();
            match reader.poll_fill(cx) {
                Poll::Ready(Ok(true)) => self.pacer.progress(reader.buffer.len() - before),
                Poll::Ready(Ok(false)) => return Poll::Ready(Some(Err(BodyError::Cut))),
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(BodyError::Io(error)))),
                Poll::Pending => {
                    return self.pacer.poll_too_slow(cx).map(|()| Some(Err(BodyError::TooSlow)));
                }
            }
        }
    }

    fn count(&mut self, data: Bytes) -> Result<Frame<Bytes>, BodyError> {
        self.bytes += wide(data.len());
        if self.bytes > self.bytes_max {
            return Err(BodyError::TooLarge(self.bytes_max));
        }
        Ok(Frame::data(data))
    }

    fn give_back(&mut self) {
        if let (Some(held), Some(home)) = (self.held.take(), self.home.take()) {
            // When the connection is gone, the direction goes with it.
            drop(home.send(held));
        }
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        self.give_back();
    }
}
