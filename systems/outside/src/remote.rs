//! A client of plain HTTP: for letters, and for the command line.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// How long an answer may take.
const ANSWER_LONGEST: Duration = Duration::from_secs(10);
/// How many bytes it may have.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How many connections to one address are kept while there is nothing to say.
const IDLE_MAX: usize = 16;

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
    #[error("there was no answer within {} seconds", ANSWER_LONGEST.as_secs())]
    TimedOut,
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

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(StatusCode, Bytes), RemoteError> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body));
        let request = request.map_err(|_unusable| RemoteError::Address(url.to_owned()))?;
        let answered = async {
            let (parts, body) = self.client.request(request).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            Ok((parts.status, body.map_err(RemoteError::Incomplete)?.to_bytes()))
        };
        let timed = tokio::time::timeout(ANSWER_LONGEST, answered).await;
        timed.map_err(|_elapsed| RemoteError::TimedOut)?
    }
}
