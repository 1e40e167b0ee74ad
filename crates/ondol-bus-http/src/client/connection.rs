//! Requests to one address, signed and limited.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ondol_doors::Clock;
use ondol_store::BoxError;

use super::RemoteOptions;
use crate::Secret;

/// Requests to one address.
#[derive(Debug)]
pub(super) struct Connection {
    url: String,
    asking: String,
    secret: Secret,
    clock: Arc<dyn Clock>,
    client: Client<HttpConnector, Full<Bytes>>,
    answer_bytes_max: usize,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("the request cannot be made")]
    Request(#[from] http::Error),
    #[error("nobody answers at {url}")]
    Send {
        url: String,
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    #[error("the answer broke off")]
    Broken(#[source] BoxError),
    #[error("no answer has come in time")]
    TimedOut,
}

impl Connection {
    pub(super) fn new(
        url: &str,
        (asking, secret): (&str, Secret),
        clock: Arc<dyn Clock>,
        options: &RemoteOptions,
    ) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(options.connect_longest));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(options.idle_connections_max)
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self {
            url: url.trim_end_matches('/').to_owned(),
            asking: asking.to_owned(),
            secret,
            clock,
            client,
            answer_bytes_max: options.answer_bytes_max,
        }
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        longest: Duration,
    ) -> Result<Received, SendError> {
        let token = self.secret.token(&self.asking, self.clock.now());
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|error| SendError::Request(error.into()))?;
        bearer.set_sensitive(true);
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        tokio::select! {
            received = self.receive(request) => received,
            () = self.clock.sleep(longest) => Err(SendError::TimedOut),
        }
    }

    async fn receive(&self, request: Request<Full<Bytes>>) -> Result<Received, SendError> {
        let answered = self.client.request(request).await;
        let answered =
            answered.map_err(|source| SendError::Send { url: self.url.clone(), source })?;
        let (parts, body) = answered.into_parts();
        let body = Limited::new(body, self.answer_bytes_max).collect().await;
        let body = body.map_err(SendError::Broken)?.to_bytes();
        Ok(Received { status: parts.status, headers: parts.headers, body })
    }
}
