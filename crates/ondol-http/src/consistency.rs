//! Read what you wrote: a token with every answer to a command, and a wait for it in a query.

use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use ondol_kernel::Position;
use ondol_store::{Head, LogEpoch};

use crate::Problem;

/// The header with which an answer says how far a reader must have read to see its effect.
pub const POSITION: HeaderName = HeaderName::from_static("ondol-position");
/// The header with which a query asks to see at least so much.
pub const AFTER: HeaderName = HeaderName::from_static("ondol-after");

/// A place in a life of a log: what a command's answer carries and a query can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsistencyToken(pub Head);

impl fmt::Display for ConsistencyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}.{}", self.0.epoch.as_u128(), self.0.position)
    }
}

impl FromStr for ConsistencyToken {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let parts = text.split_once('.').filter(|(epoch, _)| epoch.len() == 32);
        let parsed = parts.and_then(|(epoch, position)| {
            let epoch = LogEpoch::from_u128(u128::from_str_radix(epoch, 16).ok()?);
            Some(Head { epoch, position: Position::new(position.parse().ok()?) })
        });
        parsed.map(Self).ok_or_else(|| {
            let title = "The header ondol-after holds no token of ours.";
            Problem::new(StatusCode::BAD_REQUEST, "consistency-token", title)
        })
    }
}

impl ConsistencyToken {
    /// The token as the value of a header.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        let value = HeaderValue::try_from(self.to_string());
        (POSITION, value.expect("hexadecimal digits and a number are printable"))
    }
}

/// What a query asks to see at least; nothing, if it does not say.
#[derive(Debug, Clone, Copy)]
pub struct After(pub Option<ConsistencyToken>);

impl<S: Send + Sync> FromRequestParts<S> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(AFTER) else { return Ok(Self(None)) };
        value.to_str().unwrap_or_default().parse().map(|token| Self(Some(token)))
    }
}
