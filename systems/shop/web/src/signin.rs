//! Signing in at the identity provider, and coming back.
//!
//! What was asked is remembered here, by the state that stands in a cookie of the browser that asked:
//! an answer that another browser brings is nobody's. It is used up by the first answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use ondol_auth::{Answered, Attempt, FetchError, KeySource};
use ondol_doors::Clock;
use serde::Deserialize;

use crate::api::Api;
use crate::site::Site;
use crate::visit::{SIGN_IN, SignIn, Visit, cookie, is_ours, set_cookie};

/// The cookie with the state of the attempt.
const ATTEMPT: &str = "shop-attempt";
/// How long somebody may take to sign in.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(600);
/// How many may be at it at once; of more, those who began first begin again.
const ATTEMPTS_MAX: usize = 10_000;
/// A sign-in is given up so many seconds before its token ends, so that no token ends on its way.
const EARLIER_SECONDS: u64 = 5;

/// Keys as the provider publishes them.
#[derive(Debug)]
pub(crate) struct Published(pub(crate) Api);

#[async_trait]
impl KeySource for Published {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        let bytes = self.0.bytes("/oauth2/jwks").await;
        bytes.map(|bytes| bytes.to_vec()).map_err(|error| FetchError(error.into()))
    }
}

/// Those who are about to sign in. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Attempts {
    begun: Arc<Mutex<BTreeMap<String, Begun>>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Begun {
    attempt: Attempt,
    then: String,
    at: Duration,
}

impl Attempts {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { begun: Arc::default(), clock }
    }

    fn keep(&self, state: String, attempt: Attempt, then: String) {
        let at = self.clock.running();
        let mut begun = self.begun.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        begun.retain(|_, own| at.saturating_sub(own.at) <= ATTEMPT_WITHIN);
        if begun.len() >= ATTEMPTS_MAX {
            let first = begun.iter().min_by_key(|(_, own)| own.at).map(|(state, _)| state.clone());
            first.and_then(|state| begun.remove(&state));
        }
        begun.insert(state, Begun { attempt, then, at });
    }

    fn take(&self, state: &str) -> Option<(Attempt, String)> {
        let mut begun = self.begun.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Begun { attempt, then, at } = begun.remove(state)?;
        let is_late = self.clock.running().saturating_sub(at) > ATTEMPT_WITHIN;
        (!is_late).then_some((attempt, then))
    }
}

/// Where to come back to.
#[derive(Debug, Deserialize)]
pub(crate) struct Back {
    then: Option<String>,
}

pub(crate) async fn begin(State(site): State<Site>, Query(back): Query<Back>) -> Response {
    let then = back.then.filter(|then| is_ours(then)).unwrap_or_else(|| "/shop".to_owned());
    let attempt = Attempt::begin(&site.options.issuer, &site.options.client, site.rng.as_ref());
    let question = attempt.question();
    let state = question.iter().find(|(name, _)| *name == "state");
    let state = state.map(|(_, state)| state.clone()).unwrap_or_default();
    let here = back_here(&site);
    let more = [("scope", "openid profile"), ("redirect_uri", here.as_str())];
    let asked = question.iter().map(|(name, value)| (*name, value.as_str())).chain(more);
    let asked = serde_urlencoded::to_string(asked.collect::<Vec<_>>()).unwrap_or_default();
    let to = format!("{}/oauth2/authorize?{asked}", site.options.issuer);
    site.attempts.keep(state.clone(), attempt, then);
    let cookie = set_cookie(&site, ATTEMPT, &state, ATTEMPT_WITHIN.as_secs());
    ([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
}

pub(crate) async fn back(
    State(site): State<Site>,
    visit: Visit,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&query).unwrap_or_default();
    let begun = cookie(&headers, ATTEMPT).and_then(|state| site.attempts.take(state));
    let Some((attempt, then)) = begun else {
        return site.said(&visit, StatusCode::BAD_REQUEST, visit.words.sign_in_again);
    };
    match signed_in(&site, attempt, &pairs).await {
        Some(sign_in) => {
            let lasts = sign_in.until.saturating_sub(site.now_seconds());
            let sealed = site.sealer.seal(SIGN_IN, &sign_in).unwrap_or_default();
            let mut response = Redirect::to(&then).into_response();
            let headers = response.headers_mut();
            headers.append(header::SET_COOKIE, set_cookie(&site, SIGN_IN, &sealed, lasts));
            headers.append(header::SET_COOKIE, set_cookie(&site, ATTEMPT, "", 0));
            response
        }
        None => site.said(&visit, StatusCode::FORBIDDEN, visit.words.sign_in_again),
    }
}

/// Ends the sign-in here, and goes on to where it was begun.
pub(crate) async fn sign_out(State(site): State<Site>, _visit: Visit) -> Response {
    let to = format!("{}/oauth2/logout", site.options.issuer);
    let gone = set_cookie(&site, SIGN_IN, "", 0);
    ([(header::SET_COOKIE, gone)], Redirect::to(&to)).into_response()
}

fn back_here(site: &Site) -> String {
    format!("{}/shop/back", site.options.origin)
}

/// What a code is redeemed for.
#[derive(Debug, Deserialize)]
struct Tokens {
    access_token: String,
    id_token: String,
    expires_in: u64,
}

/// What the provider knows of somebody.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
}

/// Who has signed in, by the answer that his browser brings; nobody, if it is not believed.
async fn signed_in(site: &Site, attempt: Attempt, pairs: &[(String, String)]) -> Option<SignIn> {
    let answered = attempt.answered(pairs);
    let answered = answered.inspect_err(|error| tracing::info!(%error, "nobody signed in")).ok()?;
    let tokens = redeemed(site, &answered).await?;
    let Tokens { access_token: token, id_token, expires_in } = tokens;
    let who = answered.signed_in(&site.keys, &site.clock, &id_token, &token).await;
    who.inspect_err(|error| tracing::warn!(%error, "a sign-in is not believed")).ok()?;
    let profile: Profile =
        site.identity.get(Some(&token), "/oauth2/userinfo").await.unwrap_or_default();
    let until = site.now_seconds().saturating_add(expires_in).saturating_sub(EARLIER_SECONDS);
    Some(SignIn { name: profile.name, token, until })
}

async fn redeemed(site: &Site, answered: &Answered) -> Option<Tokens> {
    let here = back_here(site);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", answered.code.as_str()),
        ("redirect_uri", here.as_str()),
        ("client_id", site.options.client.as_str()),
        ("code_verifier", answered.verifier()),
    ];
    let tokens = site.identity.form("/oauth2/token", &form).await;
    tokens.inspect_err(|error| tracing::warn!(%error, "a code was not redeemed")).ok()
}
