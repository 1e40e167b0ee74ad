//! Whoever issues tokens in tests, and publishes the keys that they are believed by.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::routing::get;
use ondol_auth::{AccessClaims, Audience, SigningKey, TokenType};
use serde_json::json;

/// Who it is.
const ISSUER: &str = "http://127.0.0.1:8080";
/// How long a token is good, in seconds.
const GOOD_FOR: u64 = 600;

/// An issuer of tokens.
pub(crate) struct Issuer {
    key: SigningKey,
    given: AtomicU32,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let (key, _bytes) = SigningKey::generate().expect("a key");
        Self { key, given: AtomicU32::new(0) }
    }

    /// Where its keys are published: at `/keys`.
    pub(crate) fn router(&self) -> Router {
        let set = json!({ "keys": [self.key.public()] }).to_string();
        Router::new().route("/keys", get(async move || set.clone()))
    }

    /// A token for somebody at a moment, in seconds since 1970; `ops` runs the shop.
    pub(crate) fn token(&self, who: &str, now: u64) -> String {
        let roles = if who == "ops" { vec!["ops".to_owned()] } else { Vec::new() };
        let claims = AccessClaims {
            iss: ISSUER.to_owned(),
            sub: who.to_owned(),
            aud: Audience(vec!["ondol".to_owned()]),
            exp: now + GOOD_FOR,
            iat: now,
            nbf: None,
            jti: format!("{who}-{}", self.given.fetch_add(1, Ordering::Relaxed)),
            client_id: "web".to_owned(),
            scope: String::new(),
            roles,
            sid: None,
            tenant: None,
            acr: None,
            amr: Vec::new(),
            auth_time: None,
            cnf: None,
        };
        self.key.sign(TokenType::Access, &claims).expect("it can be signed")
    }
}
