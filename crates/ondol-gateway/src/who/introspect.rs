//! Whether a token is still good, as its issuer says himself (RFC 7662).
//!
//! For a gateway that stands alone and hears of nothing: each token is asked about at most once in a few
//! seconds, which is how long one that was taken back lives on.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use ondol_auth::VerifyError;
use ondol_doors::Clock;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::issuer::IssuerError;
use super::refusal::Refusal;
use crate::backend::Workshop;
use crate::config::{IntrospectOptions, IssuerOptions, OnFailure};
use crate::gateway::{Core, Errand};

/// Tokens whose answers are remembered.
const TOKENS_MAX: u64 = 10_000;
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long an issuer is left alone that did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Asks an issuer about its tokens.
pub(crate) struct Introspection {
    options: IntrospectOptions,
    backend: String,
    authorization: HeaderValue,
    known: moka::sync::Cache<String, Arc<Mutex<Option<Said>>>>,
    clock: Arc<dyn Clock>,
}

/// What was said of a token, and when.
#[derive(Debug, Clone, Copy)]
struct Said {
    when: Duration,
    /// None, if there was no answer.
    active: Option<bool>,
}

#[derive(Deserialize)]
struct Answer {
    active: bool,
}

impl Introspection {
    pub(super) fn new(
        issuer: &IssuerOptions,
        options: &IntrospectOptions,
        workshop: &Workshop,
    ) -> Result<Self, IssuerError> {
        Ok(Self {
            options: options.clone(),
            backend: issuer.backend.clone().unwrap_or_default(),
            authorization: options.authorization()?,
            known: moka::sync::Cache::new(TOKENS_MAX),
            clock: Arc::clone(&workshop.clock),
        })
    }

    /// Whether it asks as another one does.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.authorization == other.authorization
    }

    /// Whether a token of this name is still good.
    pub(super) async fn check(
        &self,
        core: &Core,
        worker: usize,
        name: &str,
        token: &str,
    ) -> Result<(), Refusal> {
        let slot = self.known.get_with_by_ref(name, Arc::default);
        // Whoever comes meanwhile waits here for the same answer.
        let mut said = slot.lock().await;
        let now = self.clock.running();
        let lasting = |said: &Said| if said.active.is_some() { self.options.every } else { AGAIN };
        let known = said.filter(|said| now.saturating_sub(said.when) < lasting(said));
        let active = match known {
            Some(known) => known.active,
            None => {
                let active = self.ask(core, worker, token).await;
                // As of when it was asked: the answer may have been long on its way.
                *said = Some(Said { when: now, active });
                active
            }
        };
        match (active, self.options.on_failure) {
            (Some(true), _) | (None, OnFailure::Pass) => Ok(()),
            (Some(false), _) => Err(Refusal::Token(VerifyError::Revoked)),
            (None, OnFailure::Refuse) => {
                Err(Refusal::Unknown("the issuer does not say whether the token is still good"))
            }
        }
    }

    async fn ask(&self, core: &Core, worker: usize, token: &str) -> Option<bool> {
        let snapshot = core.snapshot.load_full();
        let backend = snapshot.backends.get(&self.backend)?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        // A token that was verified has letters only that stand for themselves.
        let body = Bytes::from(format!("token={token}&token_type_hint=access_token"));
        let errand = Errand {
            method: Method::POST,
            target: &self.options.path,
            headers,
            body,
            timeout: self.options.timeout,
            bytes_max: ANSWER_BYTES_MAX,
            worker,
        };
        let returned = core.errand(backend, errand).await;
        let answer =
            returned.map_err(|error| error.to_string()).and_then(|returned| {
                match returned.status {
                    StatusCode::OK => serde_json::from_slice::<Answer>(&returned.body)
                        .map_err(|error| error.to_string()),
                    status => Err(format!("it answered {status}")),
                }
            });
        match answer {
            Ok(answer) => Some(answer.active),
            Err(error) => {
                tracing::warn!(error, "an issuer does not say whether a token is still good");
                None
            }
        }
    }
}

impl IntrospectOptions {
    /// As whom the gateway asks, with its secret.
    pub(super) fn authorization(&self) -> Result<HeaderValue, IssuerError> {
        let file = &self.secret_file;
        let failed = |source| IssuerError::File { file: file.clone(), source };
        let secret = std::fs::read_to_string(file).map_err(failed)?;
        let pair = format!("{}:{}", encoded(&self.client), encoded(secret.trim_end()));
        let basic = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)));
        let mut authorization = basic.map_err(|_error| IssuerError::Secret(file.clone()))?;
        authorization.set_sensitive(true);
        Ok(authorization)
    }
}

/// As a form has it: whatever is not a plain letter in hexadecimal digits.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let letters = text.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    letters.collect()
}
