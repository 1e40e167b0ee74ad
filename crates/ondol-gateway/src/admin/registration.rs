//! Instances come and go: `PUT` and `DELETE` of `/backends/NAME/instances/ID`.
//!
//! A `PUT` is the registration and the heartbeat alike: it gives the instance a lease, and whoever does
//! not say it again in time is gone.

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method, Response, StatusCode};

use crate::body::Body;
use crate::config::{DiscoverOptions, RegistrationSource};
use crate::control::is_same;
use crate::discovery::{LeaseError, Registration};
use crate::handle::Arrived;
use crate::problem::Problem;
use crate::start::GatewayHandle;

/// Bytes of what an instance says of itself.
const BYTES_MAX: u64 = 4 * 1024;

impl From<LeaseError> for Problem {
    fn from(error: LeaseError) -> Self {
        Self::RegistrationRefused(error.to_string())
    }
}

/// The backend and the instance, if the target names them.
pub(super) fn names(target: &[u8]) -> Option<(String, String)> {
    let target = std::str::from_utf8(target).ok()?;
    let (backend, instance) = target.strip_prefix("/backends/")?.split_once("/instances/")?;
    Some((backend.to_owned(), instance.to_owned()))
}

/// Takes an instance in, or lets it go.
pub(super) async fn register(
    handle: &GatewayHandle,
    backend: &str,
    instance: &str,
    arrived: Arrived,
) -> Result<Response<Body>, Problem> {
    let source = source(handle, backend).ok_or(Problem::NoRoute)?;
    if !may(&source, &arrived.headers) {
        return Err(Problem::RegistrationUnauthorised);
    }
    match arrived.method {
        Method::PUT => {
            let said = read(arrived.body).await?;
            let now = handle.clock().running();
            // Those of before a restart are there first.
            drop(handle.leases().current(backend, &source, handle));
            let lease = handle.leases().renew(backend, instance, &said, &source, now)?;
            learn(handle, backend, &source);
            let body = format!("{{\"lease_seconds\":{}}}", lease.as_secs_f64());
            let mut response = Response::new(Body::full(body));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            Ok(response)
        }
        Method::DELETE => {
            let gone = handle.leases().end(backend, instance);
            learn(handle, backend, &source);
            let mut response = Response::new(Body::empty());
            *response.status_mut() =
                if gone { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND };
            Ok(response)
        }
        _ => Err(Problem::MethodNotAllowed),
    }
}

fn learn(handle: &GatewayHandle, backend: &str, source: &RegistrationSource) {
    let (instances, _) = handle.leases().current(backend, source, handle);
    handle.learn(backend, instances);
}

fn source(handle: &GatewayHandle, backend: &str) -> Option<RegistrationSource> {
    match &handle.config().backends.get(backend)?.discover {
        Some(DiscoverOptions::Registration(source)) => Some(source.clone()),
        _ => None,
    }
}

/// Whether the token is shown, where one is asked for. Compared in a time that says nothing about it.
fn may(source: &RegistrationSource, headers: &HeaderMap) -> bool {
    let Some(file) = &source.token_file else { return true };
    let Ok(token) = std::fs::read_to_string(file) else { return false };
    let token = token.trim().as_bytes();
    let shown = headers.get(AUTHORIZATION).map_or(&b""[..], HeaderValue::as_bytes);
    let shown = shown.strip_prefix(b"Bearer ").unwrap_or_default();
    !token.is_empty() && is_same(token, shown)
}

async fn read(mut body: Body) -> Result<Registration, Problem> {
    let refused = |what: String| Problem::RegistrationRefused(what);
    body.limit(BYTES_MAX);
    if body.length().is_some_and(|length| length > BYTES_MAX) {
        return Err(refused(format!("the body is larger than {BYTES_MAX} bytes")));
    }
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.poll_next(cx)).await {
        let frame = frame.map_err(|error| refused(error.to_string()))?;
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))
}
