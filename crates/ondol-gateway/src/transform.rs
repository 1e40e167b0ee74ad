//! Requests and answers that are changed on their way: headers, and JSON bodies.
//!
//! A body that is changed is read whole, up to a limit, and what is said about its bytes (length, digests,
//! entity tag) is said anew or no longer. Numbers keep every digit. What is no JSON passes as it is; what
//! is compressed cannot be changed, so that answers to be changed are asked for uncompressed.
//!
//! Headers that frame a message or say who someone is are not for changing.

mod changes;

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderName, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::audit::is_json;
use crate::body::{Body, BodyError};
use crate::cache::{Gathered, gather, names_tag};
use crate::config::TransformOptions;
use crate::json::{Json, JsonError};
use crate::problem::Problem;

pub(crate) use changes::{Changes, JsonChange, is_ours};

/// What digests of a body are called.
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// What a route changes.
pub(crate) struct Transform {
    request: Option<Changes>,
    answer: Option<Changes>,
}

/// What the client has already, where the backend cannot be asked about it.
#[derive(Debug, Default)]
pub(crate) struct Has(Option<HeaderValue>);

impl Transform {
    /// What a route says; nothing, if it cannot be understood, which checking says.
    pub(crate) fn new(options: &TransformOptions) -> Option<Self> {
        let changes = |options: &Option<_>| match options {
            None => Some(None),
            Some(options) => Changes::new(options).map(Some),
        };
        Some(Self { request: changes(&options.request)?, answer: changes(&options.answer)? })
    }

    /// Headers of a request that are not as the client has sent them.
    pub(crate) fn touched(&self) -> Vec<String> {
        self.request.as_ref().map(Changes::touched).unwrap_or_default()
    }

    /// Changes a request.
    pub(crate) async fn request(
        &self,
        headers: &mut HeaderMap,
        body: &mut Body,
    ) -> Result<Has, Problem> {
        if let Some(changes) = &self.request {
            if changes.has_json() && !http_body::Body::is_end_stream(body) && is_json(headers) {
                if headers.contains_key(CONTENT_ENCODING) {
                    return Err(Problem::UnknownCoding);
                }
                *body = change_request(changes, std::mem::take(body)).await?;
                headers.insert(CONTENT_LENGTH, body.length().unwrap_or(0).into());
                forget_digests(headers);
            }
            changes.headers(headers);
        }
        let mut has = Has::default();
        if self.answer.as_ref().is_some_and(Changes::has_json) {
            // A part of what is changed is no part of what comes out; and what the client knows is
            // what came out.
            has = Has(headers.remove(IF_NONE_MATCH));
            for name in [RANGE, IF_RANGE, IF_MODIFIED_SINCE, IF_MATCH, IF_UNMODIFIED_SINCE] {
                headers.remove(name);
            }
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Ok(has)
    }

    /// Changes an answer.
    pub(crate) async fn answer(
        &self,
        has: Has,
        method: &Method,
        response: Response<Body>,
    ) -> Result<Response<Body>, Problem> {
        let Some(changes) = &self.answer else { return Ok(response) };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
        let (mut parts, mut body) = response.into_parts();
        if changes.has_json() && is_json(&parts.headers) {
            for name in [CONTENT_LENGTH, ETAG, ACCEPT_RANGES, LAST_MODIFIED] {
                parts.headers.remove(name);
            }
            forget_digests(&mut parts.headers);
            let bodiless = *method == Method::HEAD || parts.status == StatusCode::NO_CONTENT;
            if !bodiless {
                if parts.headers.contains_key(CONTENT_ENCODING) {
                    return Err(Problem::UpstreamMalformed);
                }
                let changed = change_answer(changes, body).await?;
                let tag = entity_tag(&changed);
                let known =
                    has.0.is_some_and(|has| names_tag(has.as_bytes(), Some(tag.as_bytes())));
                parts.headers.insert(ETAG, tag);
                body = Body::full(changed);
                if known && parts.status == StatusCode::OK {
                    parts.status = StatusCode::NOT_MODIFIED;
                    body = Body::empty();
                } else {
                    parts.headers.insert(CONTENT_LENGTH, body.length().unwrap_or(0).into());
                }
            }
        }
        changes.headers(&mut parts.headers);
        Ok(Response::from_parts(parts, body))
    }
}

async fn change_request(changes: &Changes, body: Body) -> Result<Body, Problem> {
    match gather(body, changes.body_bytes_max()).await {
        Ok(Gathered::Whole(bytes)) => {
            let malformed = |error: JsonError| Problem::BodyMalformed(error.to_string());
            let mut json = Json::read(&bytes).map_err(malformed)?;
            changes.document(&mut json);
            Ok(Body::full(json.to_bytes()))
        }
        Ok(Gathered::More(_)) | Err(BodyError::TooLarge(_)) => Err(Problem::BodyTooLarge),
        Err(BodyError::TooSlow) => Err(Problem::BodyTooSlow),
        Err(BodyError::Malformed(source)) => Err(Problem::BadFraming(source.to_string().into())),
        Err(_) => Err(Problem::BodyCut),
    }
}

async fn change_answer(changes: &Changes, body: Body) -> Result<Vec<u8>, Problem> {
    match gather(body, changes.body_bytes_max()).await {
        Ok(Gathered::Whole(bytes)) => {
            let mut json = Json::read(&bytes).map_err(|_error| Problem::UpstreamMalformed)?;
            changes.document(&mut json);
            Ok(json.to_bytes())
        }
        Ok(Gathered::More(_)) => Err(Problem::AnswerTooLarge),
        Err(BodyError::TooSlow) => Err(Problem::UpstreamTimedOut),
        Err(_) => Err(Problem::UpstreamFailed),
    }
}

fn forget_digests(headers: &mut HeaderMap) {
    for name in DIGESTS {
        headers.remove(name);
    }
}

/// A tag for what has come out: another for other bytes.
fn entity_tag(bytes: &[u8]) -> HeaderValue {
    use std::fmt::Write as _;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut tag = String::from("\"");
    for byte in &hash.as_ref()[..16] {
        let written = write!(tag, "{byte:02x}");
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    tag.push('"');
    HeaderValue::try_from(tag).unwrap_or_else(|_error| HeaderValue::from_static("\"\""))
}
