//! A body on its way through, from wherever it comes.
//!
//! One type for all of them, so that passing one on costs no allocation. Nothing is collected: a
//! frame is read from one side when the other has room for it.

mod noting;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::http1::{ClientBody, Tunnel, UpstreamBody};
use crate::http2::Http2Body;

pub(crate) use noting::Noted;

/// The frames of a request's or an answer's body.
pub struct Body(Kind);

enum Kind {
    Empty,
    Full(Bytes),
    Client(Box<ClientBody>),
    Upstream(Box<UpstreamBody>),
    Http2(Box<Http2Body>),
    Service(Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyError> + Send>>),
    Tunnel(Box<Tunnel>),
}

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It is larger than allowed.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// It came too slowly.
    #[error("the body came too slowly")]
    TooSlow,
    /// Its framing cannot be understood.
    #[error("the body's framing cannot be understood")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection ended in the middle of it.
    #[error("the connection ended before the body did")]
    Cut,
    /// The connection failed in the middle of it.
    #[error("the connection failed in the middle of the body")]
    Io(#[source] std::io::Error),
    /// The service that made it failed.
    #[error("the body's maker failed")]
    Service(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// These bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(if bytes.is_empty() { Kind::Empty } else { Kind::Full(bytes) })
    }

    /// A body that someone else makes.
    pub fn wrap<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error = BodyError> + Send + 'static,
    {
        Self(Kind::Service(Box::pin(body)))
    }

    pub(crate) fn client(body: ClientBody) -> Self {
        Self(Kind::Client(Box::new(body)))
    }

    pub(crate) fn upstream(body: UpstreamBody) -> Self {
        Self(Kind::Upstream(Box::new(body)))
    }

    pub(crate) fn http2(body: Http2Body) -> Self {
        if body.is_over() { Self::empty() } else { Self(Kind::Http2(Box::new(body))) }
    }

    pub(crate) fn tunnel(tunnel: Tunnel) -> Self {
        Self(Kind::Tunnel(Box::new(tunnel)))
    }

    pub(crate) fn into_tunnel(self) -> Result<Tunnel, Self> {
        match self.0 {
            Kind::Tunnel(tunnel) => Ok(*tunnel),
            kind => Err(Self(kind)),
        }
    }

    /// Its length, if that is known before it has come.
    pub fn length(&self) -> Option<u64> {
        http_body::Body::size_hint(self).exact()
    }

    /// All of it, if it is here already, so that it can be sent again.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        match &self.0 {
            Kind::Empty => Some(Bytes::new()),
            Kind::Full(bytes) => Some(bytes.clone()),
            Kind::Client(_)
            | Kind::Upstream(_)
            | Kind::Http2(_)
            | Kind::Service(_)
            | Kind::Tunnel(_) => None,
        }
    }

    /// From now on, not more than this.
    pub(crate) fn limit(&mut self, bytes_max: u64) {
        match &mut self.0 {
            Kind::Client(body) => body.limit(bytes_max),
            Kind::Http2(body) => body.limit(bytes_max),
            _ => {}
        }
    }

    /// The next frame.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::Empty | Kind::Tunnel(_) => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Client(body) => body.poll_next(cx),
            Kind::Upstream(body) => body.poll_next(cx),
            Kind::Http2(body) => body.poll_next(cx),
            Kind::Service(body) => body.as_mut().poll_frame(cx),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.get_mut().poll_next(cx)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty | Kind::Tunnel(_) => true,
            Kind::Full(_) => false,
            Kind::Client(body) => body.is_over(),
            Kind::Upstream(body) => body.is_over(),
            Kind::Http2(body) => body.is_over(),
            Kind::Service(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty | Kind::Tunnel(_) => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(wide(bytes.len())),
            Kind::Client(body) => hint(body.remaining()),
            Kind::Upstream(body) => hint(body.remaining()),
            Kind::Http2(body) => body.size_hint(),
            Kind::Service(body) => body.size_hint(),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).finish()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

fn hint(remaining: Option<u64>) -> SizeHint {
    remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
}

/// A length in memory, as bodies count.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).expect("a length in memory fits in 64 bits")
}
