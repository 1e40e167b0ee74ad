//! What the gateway itself asks of a backend: an issuer's keys, whether a request may go on.
//!
//! It goes past the backend's guards like everything else, over connections of its own, and is bounded
//! in time and in what is read of the answer. A redirect is an answer and is not followed.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::HOST;
use http::{HeaderMap, Method, StatusCode};

use super::{Call, Core, Record};
use crate::backend::Backend;
use crate::handle::Ask;
use crate::meter::RouteMeter;
use crate::problem::Problem;

/// What is asked.
pub(crate) struct Errand<'a> {
    pub(crate) method: Method,
    /// `/path?query`.
    pub(crate) target: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// For all of it.
    pub(crate) timeout: Duration,
    /// Bytes of the answer that are read.
    pub(crate) bytes_max: usize,
    /// Whose connections to use.
    pub(crate) worker: usize,
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ErrandError {
    #[error("it cannot be asked ({})", .0.code())]
    Asking(Problem),
    #[error("it did not answer within {0:?}")]
    TimedOut(Duration),
    #[error("its answer ended before its end")]
    Cut(#[source] crate::body::BodyError),
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("there is no backend `{0}`")]
    NoBackend(String),
    #[error("the gateway does not run")]
    NotRunning,
}

impl Core {
    /// Asks a backend.
    pub(crate) async fn errand(
        &self,
        backend: &Backend,
        errand: Errand<'_>,
    ) -> Result<Returned, ErrandError> {
        let timeout = errand.timeout;
        tokio::select! {
            returned = Box::pin(self.run_errand(backend, errand)) => returned,
            () = self.clock.sleep(timeout) => Err(ErrandError::TimedOut(timeout)),
        }
    }

    async fn run_errand(
        &self,
        backend: &Backend,
        errand: Errand<'_>,
    ) -> Result<Returned, ErrandError> {
        let Errand { method, target, mut headers, body, timeout, bytes_max, worker } = errand;
        if !headers.contains_key(HOST)
            && let Some(endpoint) = backend.first()
        {
            headers.insert(HOST, endpoint.authority.clone());
        }
        let ask = Ask { method, headers };
        let meter = &RouteMeter::default();
        let call = Call { ask: &ask, target, body, within: timeout, meter, worker, key: 0 };
        let answered = self.call(backend, call, &mut Record::of_errand()).await;
        let (parts, mut body) = answered.map_err(ErrandError::Asking)?.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(frame) = poll_fn(|cx| body.poll_next(cx)).await {
            if let Ok(data) = frame.map_err(ErrandError::Cut)?.into_data() {
                if bytes.len() + data.len() > bytes_max {
                    return Err(ErrandError::TooLong(bytes_max));
                }
                bytes.extend_from_slice(&data);
            }
        }
        Ok(Returned { status: parts.status, headers: parts.headers, body: bytes.freeze() })
    }
}
