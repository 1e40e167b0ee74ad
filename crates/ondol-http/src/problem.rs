//! What a client is told when the answer is not the one hoped for: RFC 9457, with stable codes.
//!
//! The code is what programs compare; the sentence is for people. Nothing of the inside — no
//! stack, no SQL, no path, no version of anything — ever stands in one.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use ondol_domain::Refused;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::REPLAYED;

/// An answer of `application/problem+json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    retry_after_seconds: Option<u64>,
    is_replayed: bool,
    more: Map<String, Value>,
}

/// A problem as clients read it, for the description of an API. It may hold more, by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A name for this kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of problem it is, in a sentence.
    pub title: String,
    /// The status.
    pub status: u16,
    /// What programs go by: the same for ever.
    pub code: String,
    /// What is to be said about this one.
    pub detail: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

impl Problem {
    /// A problem with a status, a code that has a page, and a sentence that is always the same.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            detail: None,
            retry_after_seconds: None,
            is_replayed: false,
            more: Map::new(),
        }
    }

    /// The same, saying more about this one.
    #[must_use]
    pub fn detail(mut self, detail: &(impl ToString + ?Sized)) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// The same, with a value that a program can use.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The same, saying when to come again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The same, marked as an answer that was given before.
    #[must_use]
    pub fn replayed(mut self) -> Self {
        self.is_replayed = true;
        self
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The business has said no: 422, with the refusal's own code, sentence and values.
    pub fn refused(refused: &Refused) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "The answer is no.");
        let data: Value = serde_json::from_slice(&refused.data.bytes).unwrap_or_default();
        let data = if data.is_null() { Value::Object(Map::new()) } else { data };
        let refusal = serde_json::json!({ "code": refused.code, "data": data });
        problem.detail(&sentence(&refused.message)).with("refusal", refusal)
    }

    /// We are wrong, and say nothing about how.
    pub fn internal() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "Something is wrong on our side.")
    }

    /// There is no such thing.
    pub fn nothing_by_that_name() -> Self {
        let title = "There is nothing here by that name.";
        Self::new(StatusCode::NOT_FOUND, "not-found", title)
    }

    /// The page to go on after is not of this list.
    pub fn no_such_page() -> Self {
        let title = "The page to go on after is not of this list.";
        Self::new(StatusCode::BAD_REQUEST, "page-cursor", title)
    }

    /// Nothing is at this path.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no-such-path", "There is nothing at this path.")
    }

    /// What is at this path does not do that.
    pub fn no_such_method() -> Self {
        let title = "What is at this path does not take this method.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "no-such-method", title)
    }

    /// What is needed cannot be reached at the moment.
    pub fn unavailable() -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "unavailable", "The service cannot do this at the moment.").retry_after(1)
    }
}

/// A sentence as people write it: a capital letter, a full stop.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    let mut sentence: String = first.chain(characters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            kind: format!("urn:ondol:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.as_deref(),
            more: &self.more,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.is_replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests;
