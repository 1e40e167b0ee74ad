//! A body that is remembered as it passes, up to a limit; whoever wants it is told when it is over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use super::{Body, BodyError, wide};

/// What was seen of a body when it was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Noted {
    /// All of it.
    Whole(Bytes),
    /// It was longer than what is remembered, or had trailers: its beginning.
    Long(Bytes),
    /// It ended before its end, or nobody wanted the rest: its beginning.
    Cut(Bytes),
}

impl Body {
    /// The same body; `tell` is told what it was when it is over, exactly once.
    pub(crate) fn noting(self, bytes_max: u64, tell: impl FnOnce(Noted) + Send + 'static) -> Self {
        if let Some(whole) = self.whole() {
            tell(match wide(whole.len()) > bytes_max {
                true => Noted::Long(whole.slice(..usize::try_from(bytes_max).unwrap_or(0))),
                false => Noted::Whole(whole),
            });
            return self;
        }
        let notes = BytesMut::new();
        Self::wrap(Noting { body: self, notes, bytes_max, long: false, tell: Some(Box::new(tell)) })
    }
}

struct Noting {
    body: Body,
    notes: BytesMut,
    bytes_max: u64,
    long: bool,
    tell: Option<Box<dyn FnOnce(Noted) + Send>>,
}

impl Noting {
    fn note(&mut self, frame: &Frame<Bytes>) {
        let Some(data) = frame.data_ref() else {
            self.long = true;
            return;
        };
        let room = self.bytes_max.saturating_sub(wide(self.notes.len()));
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        self.long |= data.len() > room;
        self.notes.extend_from_slice(&data[..data.len().min(room)]);
    }

    fn tell(&mut self, whole: bool) {
        let Some(tell) = self.tell.take() else { return };
        let notes = std::mem::take(&mut self.notes).freeze();
        tell(match (whole, self.long) {
            (true, false) => Noted::Whole(notes),
            (true, true) => Noted::Long(notes),
            (false, _) => Noted::Cut(notes),
        });
    }
}

impl http_body::Body for Noting {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = ready!(this.body.poll_next(cx));
        match &frame {
            Some(Ok(frame)) => {
                this.note(frame);
                // Nobody may ask again when all of it is here.
                if http_body::Body::is_end_stream(&this.body) {
                    this.tell(true);
                }
            }
            Some(Err(_)) => this.tell(false),
            None => this.tell(true),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        self.tell(false);
    }
}
