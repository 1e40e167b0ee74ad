//! What a request shows to say who asks: one thing, in one place.

use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue};
use ondol_auth::{BearerError, TOKEN_BYTES_MAX, VerifyError, bearer};

use super::refusal::Refusal;
use crate::route::cookie_values;

/// Where a route looks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accepted {
    /// Whether tokens are taken.
    pub(crate) tokens: bool,
    /// Cookies that may have the token.
    pub(crate) cookies: Vec<String>,
    /// The header that may have a key.
    pub(crate) key: Option<HeaderName>,
}

/// What a request shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    Nothing,
    Token { token: &'a str, with_proof: bool, in_cookie: bool },
    Key(&'a HeaderValue),
}

impl<'a> Shown<'a> {
    /// Looks.
    pub(crate) fn look(accepted: &'a Accepted, headers: &'a HeaderMap) -> Result<Self, Refusal> {
        if headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
            return Err(Refusal::Twice("there are two Authorization headers"));
        }
        let token = if accepted.tokens { Self::token(headers)? } else { None };
        let cookie = cookie(accepted, headers)?;
        let key = key(accepted, headers)?;
        match (token, cookie, key) {
            (None, None, None) => Ok(Self::Nothing),
            (Some((token, _)), Some(cookie), None) if token != cookie => {
                Err(Refusal::Twice("the token and the cookie differ"))
            }
            (Some((token, with_proof)), _, None) => {
                Ok(Self::Token { token, with_proof, in_cookie: false })
            }
            (None, Some(token), None) => {
                Ok(Self::Token { token, with_proof: false, in_cookie: true })
            }
            (None, None, Some(key)) => Ok(Self::Key(key)),
            (_, _, Some(_)) => Err(Refusal::Twice("there is a token and a key")),
        }
    }

    /// The token of the header, if it is one; another scheme says nothing to us.
    fn token(headers: &'a HeaderMap) -> Result<Option<(&'a str, bool)>, Refusal> {
        match bearer(headers) {
            Ok(found) => Ok(Some(found)),
            Err(BearerError::NotBearer) if !is_ours(headers) => Ok(None),
            Err(BearerError::Missing) => Ok(None),
            Err(_malformed) => Err(Refusal::Token(VerifyError::Malformed { part: "token" })),
        }
    }
}

/// Whether the scheme is one of those with a token.
fn is_ours(headers: &HeaderMap) -> bool {
    let said = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let scheme = said.split(|byte| *byte == b' ' || *byte == b'\t').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"bearer") || scheme.eq_ignore_ascii_case(b"dpop")
}

fn cookie<'a>(accepted: &'a Accepted, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refusal> {
    let mut found = None;
    for name in &accepted.cookies {
        for value in cookie_values(headers, name).filter(|value| !value.is_empty()) {
            if found.is_some_and(|before| before != value) {
                return Err(Refusal::Twice("two cookies differ"));
            }
            if value.len() > TOKEN_BYTES_MAX {
                return Err(Refusal::Token(VerifyError::TooLong));
            }
            found = Some(value);
        }
    }
    Ok(found)
}

fn key<'a>(
    accepted: &Accepted,
    headers: &'a HeaderMap,
) -> Result<Option<&'a HeaderValue>, Refusal> {
    let Some(name) = &accepted.key else { return Ok(None) };
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Refusal::Twice("there are two keys"));
    }
    Ok(first)
}
