//! The shop's API, asked over HTTP in the name of whoever looks at a page.

mod shapes;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[cfg(test)]
pub(crate) use shapes::FlowLine;
pub(crate) use shapes::{
    Cart, Category, Flow, Goods, Happened, Home, Level, Line, Order, Page, Row,
};

/// How many bytes an answer may have.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How many connections to one address are kept while there is nothing to say.
const IDLE_MAX: usize = 64;

/// A client of HTTP. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
}

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// There was none.
    #[error("{0} does not answer")]
    Silent(String),
    /// It was no: the status, and the code of the problem or of the refusal.
    #[error("the answer is {status}, {code}")]
    No { status: StatusCode, code: String },
    /// It was not understood.
    #[error("the answer cannot be read")]
    Unread(#[source] serde_json::Error),
}

/// What a problem says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    refusal: Option<Refusal>,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: String,
}

impl ApiError {
    /// Whether whoever asks is not known, or no longer.
    pub(crate) fn is_stranger(&self) -> bool {
        matches!(self, Self::No { status, .. } if *status == StatusCode::UNAUTHORIZED)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::No { status, .. } if *status == StatusCode::NOT_FOUND)
    }

    /// What is wrong, as a program reads it.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Silent(_) | Self::Unread(_) => "",
            Self::No { code, .. } => code,
        }
    }
}

impl Api {
    pub(crate) fn new(base: &str) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        let client = builder.pool_max_idle_per_host(IDLE_MAX).build_http();
        Self { client, base: base.trim_end_matches('/').to_owned() }
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        token: Option<&str>,
        path: &str,
    ) -> Result<T, ApiError> {
        let request = self.request(Method::GET, token, path);
        let (_headers, body) = self.send(request, Bytes::new()).await?;
        serde_json::from_slice(&body).map_err(ApiError::Unread)
    }

    /// What there is, as it was sent.
    pub(crate) async fn bytes(&self, path: &str) -> Result<Bytes, ApiError> {
        let request = self.request(Method::GET, None, path);
        Ok(self.send(request, Bytes::new()).await?.1)
    }

    /// Has something done once, under a key; what the answer's head says.
    pub(crate) async fn ask(
        &self,
        token: &str,
        (method, path): (Method, &str),
        key: &str,
        body: Option<&Value>,
    ) -> Result<HeaderMap, ApiError> {
        let mut request = self.request(method, Some(token), path).header("idempotency-key", key);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        Ok(self.send(request, body.into()).await?.0)
    }

    /// Sends a form, and reads the JSON that comes back.
    pub(crate) async fn form<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<T, ApiError> {
        let request = self
            .request(Method::POST, None, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = serde_urlencoded::to_string(form).unwrap_or_default();
        let (_headers, body) = self.send(request, body.into()).await?;
        serde_json::from_slice(&body).map_err(ApiError::Unread)
    }

    fn request(&self, method: Method, token: Option<&str>, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        match token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    async fn send(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<(HeaderMap, Bytes), ApiError> {
        let silent = || ApiError::Silent(self.base.clone());
        let request = request.body(Full::from(body)).map_err(|_unusable| silent())?;
        let answered = async {
            let (parts, body) = self.client.request(request).await.ok()?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok()?;
            Some((parts.status, parts.headers, body.to_bytes()))
        };
        let answered = tokio::time::timeout(ANSWER_WITHIN, answered).await.ok().flatten();
        let (status, headers, body) = answered.ok_or_else(silent)?;
        if status.is_success() {
            return Ok((headers, body));
        }
        let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
        let refused = problem.refusal.map(|refusal| refusal.code);
        let code = refused.or(problem.error).unwrap_or(problem.code);
        Err(ApiError::No { status, code })
    }
}
