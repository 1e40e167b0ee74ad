//! Which version a client has seen: `ETag` and `If-Match`.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use ondol_kernel::Version;

use crate::Problem;

/// The version of a thing as the value of `ETag`: `"7"`.
pub fn etag(version: Version) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("a number in quotes is printable")
}

/// The version that a client has seen, if it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<Version>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut said = parts.headers.get_all(header::IF_MATCH).iter();
        let Some(value) = said.next() else { return Ok(Self(None)) };
        let quoted = value.to_str().ok().filter(|_| said.next().is_none());
        if quoted == Some("*") {
            return Ok(Self(None));
        }
        let number =
            quoted.and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        number.map(|number| Self(Some(Version::new(number)))).ok_or_else(|| {
            let title = "The header If-Match holds no version of ours.";
            Problem::new(StatusCode::BAD_REQUEST, "if-match", title)
        })
    }
}
