//! A client of plain HTTP, for whoever is outside.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// How many bytes an answer may have.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How many connections to one address are kept while there is nothing to say.
const IDLE_MAX: usize = 64;

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    #[error("{0:?} is no address that can be asked")]
    Address(String),
    #[error("it cannot be reached")]
    Unreachable(#[from] hyper_util::client::legacy::Error),
    #[error("its answer broke off, or is too long")]
    Incomplete(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Remote {
    pub(crate) fn new() -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        Self { client: builder.pool_max_idle_per_host(IDLE_MAX).build_http() }
    }

    pub(crate) async fn get(&self, url: &str) -> Result<(StatusCode, Bytes), RemoteError> {
        self.send(Request::builder().method(Method::GET).uri(url), url, Full::default()).await
    }

    /// Asks for something under a key.
    pub(crate) async fn post(
        &self,
        url: &str,
        key: &str,
        body: &Value,
    ) -> Result<(StatusCode, Bytes), RemoteError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        self.send(request, url, Full::from(body.to_string())).await
    }

    async fn send(
        &self,
        request: http::request::Builder,
        url: &str,
        body: Full<Bytes>,
    ) -> Result<(StatusCode, Bytes), RemoteError> {
        let request = request.body(body);
        let request = request.map_err(|_unusable| RemoteError::Address(url.to_owned()))?;
        let (parts, body) = self.client.request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        Ok((parts.status, body.map_err(RemoteError::Incomplete)?.to_bytes()))
    }
}
