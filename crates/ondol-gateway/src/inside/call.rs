//! Calling a service, and what comes back.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use tower::{Service, ServiceExt};

use super::ServiceError;
use crate::body::{Body, BodyError};
use crate::patience::Patience;
use crate::pool::Home;

/// What a service answers, its body one type for all of them.
pub(crate) type Called = Result<Response<Body>, CallError>;

type Calling = Pin<Box<dyn Future<Output = Called> + Send>>;

/// Why a service gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CallError {
    #[error("the service failed")]
    Failed(#[source] ServiceError),
    #[error("the service panicked or was stopped")]
    Lost,
    #[error("the gateway does not run")]
    NotRunning,
}

/// A service, whatever its type.
pub(super) trait Call: Send + Sync {
    /// Asks it.
    fn call(&self, request: Request<Body>) -> Calling;
}

/// A service as it was handed over.
pub(super) struct Local<S>(pub(super) S);

impl<S, B> Call for Local<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<ServiceError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<ServiceError>,
{
    fn call(&self, request: Request<Body>) -> Calling {
        let service = self.0.clone();
        Box::pin(async move {
            let answered = service.oneshot(request).await;
            let response = answered.map_err(|error| CallError::Failed(error.into()))?;
            Ok(response.map(|body| match body.is_end_stream() {
                true => Body::empty(),
                false => Body::wrap(Made::new(body)),
            }))
        })
    }
}

/// Runs a call where services live.
pub(super) async fn run(home: &Handle, calling: Calling) -> Called {
    let running = AbortOnDropHandle::new(home.spawn(calling));
    match running.await {
        Ok(called) => called,
        Err(ended) => {
            if ended.is_panic() {
                tracing::error!(error = %ended, "a service of this process panicked");
            }
            Err(CallError::Lost)
        }
    }
}

/// A body that someone else makes, its errors ours.
pub(super) struct Made<B>(Pin<Box<B>>);

impl<B> Made<B> {
    pub(super) fn new(body: B) -> Self {
        Self(Box::pin(body))
    }
}

impl<B> http_body::Body for Made<B>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<ServiceError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = self.0.as_mut().poll_frame(cx);
        frame.map_err(|error| BodyError::Service(error.into()))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// An answer's body, with how long it may be silent and the request's place in the pool.
pub(crate) struct InsideBody {
    pub(crate) body: Body,
    pub(crate) patience: Patience,
    pub(crate) idle: Duration,
    pub(crate) _home: Home,
}

impl http_body::Body for InsideBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self { body, patience, idle, .. } = self.get_mut();
        if let Poll::Ready(frame) = body.poll_next(cx) {
            patience.rest();
            return Poll::Ready(frame);
        }
        if !patience.is_waiting() {
            patience.wait(*idle);
        }
        patience.poll_over(cx).map(|()| Some(Err(BodyError::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What went wrong with a request's body while a service read it: the service sees an error and
/// answers as it likes, but what the client is told is for the gateway to say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witness(Arc<OnceLock<BodyError>>);

impl Witness {
    /// The body, watched.
    pub(crate) fn watch(&self, body: Body) -> Body {
        match body.is_end_stream() {
            true => Body::empty(),
            false => Body::wrap(Watched { body, witness: self.clone() }),
        }
    }

    /// What went wrong.
    pub(crate) fn seen(&self) -> Option<&BodyError> {
        self.0.get()
    }
}

/// A request's body on its way to a service.
struct Watched {
    body: Body,
    witness: Witness,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self { body, witness } = self.get_mut();
        match std::task::ready!(body.poll_next(cx)) {
            Some(Err(error)) => {
                // The first error is the one; the service is told that the body is cut.
                drop(witness.0.set(error));
                Poll::Ready(Some(Err(BodyError::Cut)))
            }
            frame => Poll::Ready(frame),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
