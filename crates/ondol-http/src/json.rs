//! JSON, read strictly.
//!
//! What is not exactly JSON is refused, and so is what JSON allows and programs read in two ways:
//! a key that stands twice, a number that cannot be held exactly, a text nested beyond reason.
//! Unknown fields are refused by the types themselves (`deny_unknown_fields`).

mod scan;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Problem;

pub use scan::{DEPTH_MAX, JsonFault};

/// How many bytes a body of JSON may have.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// How many bytes of a body that is too large are read and thrown away before the answer.
const DISCARDED_BYTES_MAX: usize = 1024 * 1024;

/// A body of JSON, read strictly; or an answer of JSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        let bytes = body(request).await?;
        read(&bytes).map(Self)
    }
}

/// Reads a text of JSON strictly.
///
/// # Errors
/// With a problem that says what is wrong with it: 400 when it is not JSON that can be read in
/// one way only, or has a field nobody knows; 422 when it is not what was asked for.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    scan::check(bytes).map_err(|fault| not_json(&fault))?;
    serde_json::from_slice(bytes).map_err(|error| not_asked_for(&error))
}

fn not_json(fault: &JsonFault) -> Problem {
    let title = "The body is not JSON that can be read in one way only.";
    Problem::new(StatusCode::BAD_REQUEST, "json-malformed", title).detail(fault)
}

fn not_asked_for(error: &serde_json::Error) -> Problem {
    // What serde says names fields, types and places of the body itself, and nothing of ours.
    let said = error.to_string();
    if said.starts_with("unknown field") {
        let title = "The body has a field that is not known here.";
        return Problem::new(StatusCode::BAD_REQUEST, "json-unknown-field", title).detail(&said);
    }
    let title = "The body is not what was asked for.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "json-unexpected", title).detail(&said)
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let mut said = headers.get_all(header::CONTENT_TYPE).iter();
    let only = said.next().filter(|_| said.next().is_none());
    let text = only.and_then(|value| value.to_str().ok()).unwrap_or_default();
    if is_json(text) && !headers.contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    let title = "The body is to be application/json, in UTF-8, not compressed.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", title))
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = |part: &str| {
        let charset = part.get(..8).filter(|name| name.eq_ignore_ascii_case("charset="));
        charset.is_some() && part[8..].trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    is_json && parts.all(is_utf8)
}

/// The whole body, if it is not longer than it may be.
pub(crate) async fn body(request: Request) -> Result<Bytes, Problem> {
    let too_large = || {
        let title = "The body is larger than it may be.";
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", title);
        problem.with("bytes_max", BODY_BYTES_MAX)
    };
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > BODY_BYTES_MAX) {
        discard(request.into_body()).await;
        return Err(too_large());
    }
    match Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_broken_off) => {
            let title = "The body broke off.";
            Err(Problem::new(StatusCode::BAD_REQUEST, "body-incomplete", title))
        }
    }
}

/// Reads on for a while, without keeping anything: a client that is still sending when the
/// connection closes hears of a broken connection and never of the answer.
async fn discard(mut body: Body) {
    let mut left = DISCARDED_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                Problem::internal().into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests;
