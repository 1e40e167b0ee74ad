//! A pipe in memory, at whose far end HTTP/1 is spoken with a service.

use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::runtime::Handle;

use super::call::{Call, Made};
use crate::body::Body;

/// Bytes on their way, in each direction.
const PIPE_BYTES: usize = 64 * 1024;

/// Opens one.
pub(super) fn open(home: &Handle, service: Arc<dyn Call>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let service = service_fn(move |request: Request<Incoming>| {
        service.call(request.map(|incoming| Body::wrap(Made::new(incoming))))
    });
    let connection = Builder::new().serve_connection(TokioIo::new(far), service).with_upgrades();
    // It ends with the pipe, whose near end is held by whoever asked.
    let _detached = home.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a pipe to a service of this process failed");
        }
    });
    near
}
