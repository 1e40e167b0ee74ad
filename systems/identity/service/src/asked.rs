//! What a request says: parameters that are said once, in UTF-8, and not too long.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};

use crate::came_from::address_of;
use crate::journal::Said;

/// How many bytes parameters may have.
const BYTES_MAX: usize = 16 * 1024;

/// What the forms of our own pages hold, besides the token that they bring back. Whatever else
/// somebody adds is refused: a form is no place to try out fields.
const OWN_FORMS: [(&str, &[&str]); 9] = [
    ("/sign-in", &["then", "email", "password"]),
    ("/second-factor", &["then", "number"]),
    ("/consent", &["then", "answer"]),
    ("/register", &["name", "email", "password"]),
    ("/verify", &["token"]),
    ("/forgotten", &["email"]),
    ("/reset", &["token", "password"]),
    ("/account", &["change", "password", "new", "number"]),
    ("/device", &["user_code", "answer"]),
];

/// The parameters of a request. One that is empty is not there, as the standards have it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

/// An answer of OAuth's: a code of its own list, and a sentence.
#[derive(Debug, Clone)]
pub(crate) struct OauthError {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) said: &'static str,
}

impl OauthError {
    pub(crate) const fn new(error: &'static str, said: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, said }
    }

    pub(crate) const fn request(said: &'static str) -> Self {
        Self::new("invalid_request", said)
    }

    pub(crate) const fn grant(said: &'static str) -> Self {
        Self::new("invalid_grant", said)
    }

    pub(crate) const fn client() -> Self {
        let said = "the client is not known, or has not proved itself";
        Self { status: StatusCode::UNAUTHORIZED, error: "invalid_client", said }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.error, "error_description": self.said });
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")],
            body.to_string(),
        )
            .into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = http::HeaderValue::from_static("Basic realm=\"identity\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(Said(self.said));
        response
    }
}

impl Params {
    /// Reads what stands in a form or behind a question mark.
    pub(crate) fn read(text: &str) -> Result<Self, OauthError> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text)
            .map_err(|_odd| OauthError::request("the parameters cannot be read"))?;
        let mut all = BTreeMap::new();
        for (name, value) in pairs {
            if all.insert(name, value).is_some() {
                return Err(OauthError::request("a parameter is said twice"));
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn need(&self, name: &str) -> Result<&str, OauthError> {
        self.get(name).ok_or(OauthError::request("a parameter is missing"))
    }

    /// Those of them alone.
    pub(crate) fn only(&self, names: &[&str]) -> Self {
        let known = self.0.iter().filter(|(name, _)| names.contains(&name.as_str()));
        Self(known.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The same as text.
    pub(crate) fn text(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap_or_default()
    }

    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        let words = self.get(name).unwrap_or_default().split_ascii_whitespace();
        words.map(str::to_owned).collect()
    }
}

/// A form, and what came with it.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) params: Params,
    pub(crate) headers: HeaderMap,
    pub(crate) address: Option<IpAddr>,
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = OauthError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, OauthError> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OauthError::request("the body is not a form"));
        }
        let body = to_bytes(body, BYTES_MAX).await;
        let body = body.map_err(|_too_long| OauthError::request("the form is too long"))?;
        let text = std::str::from_utf8(&body);
        let text = text.map_err(|_not_text| OauthError::request("the form is not UTF-8"))?;
        let (address, params) = (address_of(&parts), Params::read(text)?);
        let own = OWN_FORMS.iter().find(|(path, _)| *path == parts.uri.path());
        let is_known = |name: &String| own.is_none_or(|(_, own)| own.contains(&name.as_str()));
        if !params.0.keys().all(|name| name == "csrf" || is_known(name)) {
            return Err(OauthError::request("the form has a field that is not known"));
        }
        Ok(Self { params, headers: parts.headers, address })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = OauthError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OauthError> {
        let query = parts.uri.query().unwrap_or_default();
        if query.len() > BYTES_MAX {
            return Err(OauthError::request("the question is too long"));
        }
        Self::read(query)
    }
}
