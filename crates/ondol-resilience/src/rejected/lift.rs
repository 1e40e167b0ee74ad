//! The innermost layer of a stack: puts [`Error`] around a service's own error, once.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tower::{Layer, Service};

use super::Error;

/// Makes any service's error [`Rejectable`](crate::Rejectable).
#[derive(Debug, Clone, Copy, Default)]
pub struct LiftLayer;

/// A service whose error is [`Error`] around that of the service inside.
#[derive(Debug, Clone)]
pub struct Lift<S>(S);

impl<S> Layer<S> for LiftLayer {
    type Service = Lift<S>;

    fn layer(&self, inner: S) -> Lift<S> {
        Lift(inner)
    }
}

impl<S, R> Service<R> for Lift<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = Error<S::Error>;
    type Future = LiftFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx).map_err(Error::Inner)
    }

    fn call(&mut self, request: R) -> Self::Future {
        LiftFuture { inner: self.0.call(request) }
    }
}

pin_project_lite::pin_project! {
    /// The answer of a [`Lift`].
    #[derive(Debug)]
    pub struct LiftFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F, T, E> Future for LiftFuture<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, Error<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(self.project().inner.poll(cx)).map_err(Error::Inner))
    }
}
