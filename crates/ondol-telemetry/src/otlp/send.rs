//! One request to the collector.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ondol_doors::Clock;

/// How long the collector may take for one batch.
const LONGEST: Duration = Duration::from_secs(10);

/// Why the collector has not taken something.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("the collector's address cannot be used")]
    Address(#[from] http::Error),
    #[error("the collector cannot be reached: {0}")]
    Reach(#[from] hyper_util::client::legacy::Error),
    #[error("the collector has answered {0}")]
    Refused(StatusCode),
    #[error("the collector has not answered within {LONGEST:?}")]
    Late,
}

impl SendError {
    /// Whether it may be taken when it is sent once more, as OTLP has it.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Address(_) => false,
            Self::Reach(_) | Self::Late => true,
            Self::Refused(status) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
        }
    }
}

/// A collector.
pub(super) struct Collector {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Collector {
    pub(super) fn at(url: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { url: url.trim_end_matches('/').to_owned(), client }
    }

    pub(super) async fn send(
        &self,
        path: &str,
        body: Vec<u8>,
        clock: &dyn Clock,
    ) -> Result<(), SendError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .body(Full::new(Bytes::from(body)))?;
        let answer = tokio::select! {
            answer = self.client.request(request) => answer?,
            () = clock.sleep(LONGEST) => return Err(SendError::Late),
        };
        if answer.status().is_success() { Ok(()) } else { Err(SendError::Refused(answer.status())) }
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("url", &self.url).finish_non_exhaustive()
    }
}
