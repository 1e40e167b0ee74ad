//! The authorization endpoint: a client asks, somebody signs in and says yes, a code goes back.
//!
//! Until the client and the address to send people back to are known to belong together, whatever
//! is wrong is shown on a page of our own, and nobody is sent anywhere.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use identity_domain::ticket::{Code, Command, Purpose, Shown, Ticket};
use identity_domain::{GrantId, SignIn};
use ondol_auth::decode_strict;

use crate::asked::{Form, OauthError, Params};
use crate::browser::Visit;
use crate::fault::Fault;
use crate::journal::Entry;
use crate::options::ClientOptions;
use crate::pages;
use crate::provider::Provider;
use crate::secrets::{drawn, hash};
use crate::tokens::STRONG;

/// How long a pushed request lasts, in seconds.
const PUSHED_SECONDS: u64 = 90;
/// What a pushed request is called.
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";
/// What is read of a request when its time has come.
const READ_AGAIN: [&str; 12] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
];
/// Requests come as parameters.
const NOT_SIGNED: OauthError =
    OauthError::new("request_not_supported", "requests are pushed, not signed");
/// How long a state or a nonce may be.
const STATE_BYTES_MAX: usize = 1024;

/// What a client asks for, once it holds together.
pub(crate) struct Wanted<'a> {
    pub(crate) client: &'a ClientOptions,
    pub(crate) redirect: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) params: Params,
    challenge: String,
}

/// What is wrong with what a client asks for.
pub(crate) enum Wrong {
    /// Nobody is sent anywhere.
    Here(&'static str),
    /// The client is told.
    There { redirect: String, state: Option<String>, error: OauthError },
}

pub(crate) async fn authorize(
    State(provider): State<Provider>,
    visit: Visit,
    params: Result<Params, OauthError>,
) -> Response {
    match params {
        Ok(params) => provider.go_on(&visit, params, None).await,
        Err(error) => pages::wrong(&visit, error.said),
    }
}

pub(crate) async fn authorize_form(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    match form {
        Ok(form) => provider.go_on(&visit, form.params, None).await,
        Err(error) => pages::wrong(&visit, error.said),
    }
}

pub(crate) async fn pushed(
    State(provider): State<Provider>,
    form: Result<Form, OauthError>,
) -> Result<Response, OauthError> {
    let form = form?;
    let client = provider.client_of(&form).await?;
    if form.params.get("request_uri").is_some() {
        return Err(OauthError::request("a pushed request names no other"));
    }
    if form.params.get("request").is_some() {
        return Err(NOT_SIGNED);
    }
    // What is kept stands in the log for ever: what nobody reads again, such as a hint of whom it is
    // about, does not come in.
    let params = form.params.only(&READ_AGAIN);
    let checked = provider.wanted(params.clone());
    let wanted = checked.map_err(|wrong| match wrong {
        Wrong::Here(said) => OauthError::request(said),
        Wrong::There { error, .. } => error,
    })?;
    if wanted.client.id != client.id {
        return Err(OauthError::request("the request is another client's"));
    }
    let secret = drawn(provider.rng());
    let purpose = Purpose::Pushed { client: client.id.clone(), request: params.text() };
    let issue = Command::Issue { purpose, until: provider.now() + PUSHED_SECONDS };
    let issued = provider.ask(provider.tickets(), &hash(&secret), issue).await?;
    issued.map_err(|_refusal| Fault::Data("a new ticket"))?;
    let body = serde_json::json!({
        "request_uri": format!("{PUSHED}{secret}"),
        "expires_in": PUSHED_SECONDS,
    });
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, body.to_string()).into_response())
}

impl Provider {
    /// Goes on with what a client has asked: to the page that is next, or back to the client.
    /// Whoever has just signed in is not asked to sign in again.
    pub(crate) async fn go_on(
        &self,
        visit: &Visit,
        params: Params,
        fresh: Option<&SignIn>,
    ) -> Response {
        let params = match self.unpushed(params).await {
            Ok(params) => params,
            Err(error) => return pages::wrong(visit, error.said),
        };
        let wanted = match self.wanted(params) {
            Ok(wanted) => wanted,
            Err(wrong) => return self.told(visit, wrong).await,
        };
        let answer = self.next(visit, &wanted, fresh).await;
        self.shown(visit, pages::answered(visit, answer))
    }

    /// What was pushed ahead takes the place of what only names it.
    async fn unpushed(&self, params: Params) -> Result<Params, OauthError> {
        let Some(name) = params.get("request_uri") else { return Ok(params) };
        let not_good = || OauthError::new("invalid_request_uri", "the pushed request is not good");
        let secret = name.strip_prefix(PUSHED).ok_or_else(not_good)?;
        let shown = Shown::Pushed { client: params.need("client_id")?.to_owned() };
        let redeem = Command::Redeem { shown, at: self.now() };
        let redeemed = self.ask(self.tickets(), &hash(secret), redeem).await?;
        redeemed.map_err(|_refusal| not_good())?;
        let ticket = self.tickets().standing(&hash(secret)).await.map_err(Fault::from)?;
        let Ticket::Used { purpose: Purpose::Pushed { request, .. } } = ticket.state else {
            return Err(Fault::Data("a pushed request").into());
        };
        Params::read(&request)
    }

    /// What a client asks for, if it holds together.
    pub(crate) fn wanted(&self, params: Params) -> Result<Wanted<'_>, Wrong> {
        let client = params.get("client_id").and_then(|id| self.client(id));
        let client = client.ok_or(Wrong::Here("the client is not known here"))?;
        let redirect = params.get("redirect_uri").unwrap_or_default().to_owned();
        let is_theirs = |address: &String| same_address(address, &redirect);
        if !client.redirect_uris.iter().any(is_theirs) {
            return Err(Wrong::Here("the address to return to is not the client's"));
        }
        let state = params.get("state").map(str::to_owned);
        let there =
            |error| Wrong::There { redirect: redirect.clone(), state: state.clone(), error };
        let scopes = check(client, &params).map_err(there)?;
        let challenge = params.get("code_challenge").unwrap_or_default().to_owned();
        Ok(Wanted { client, redirect, scopes, params, challenge })
    }

    async fn next(
        &self,
        visit: &Visit,
        wanted: &Wanted<'_>,
        fresh: Option<&SignIn>,
    ) -> Result<Response, Fault> {
        let params = &wanted.params;
        let prompt = params.words("prompt");
        let asks = |word: &str| prompt.iter().any(|said| said == word);
        let silently = asks("none");
        let strong = params.words("acr_values").iter().any(|acr| acr == STRONG);
        let age_max = params.get("max_age").and_then(|age| age.parse::<u64>().ok());
        let is_young = |sign_in: &SignIn| {
            age_max.is_none_or(|age| self.now().saturating_sub(sign_in.at) <= age)
        };
        let known = fresh.or_else(|| visit.whole().filter(|_| !asks("login")));
        let known = known.filter(|sign_in| fresh.is_some() || is_young(sign_in));
        let Some(sign_in) = known else {
            if silently {
                return Ok(self.refuse(wanted, "login_required"));
            }
            let half = visit.is_half && visit.sign_in.as_ref().is_some_and(is_young);
            return if half && !asks("login") {
                Ok(pages::second_factor(visit, &params.text(), None))
            } else {
                Ok(pages::sign_in(visit, Some(wanted), &params.text(), None))
            };
        };
        if strong && !sign_in.is_strong() {
            if silently {
                return Ok(self.refuse(wanted, "login_required"));
            }
            return if self.has_second_factor(sign_in.user).await? {
                Ok(pages::second_factor(visit, &params.text(), None))
            } else {
                Ok(self.refuse(wanted, "unmet_authentication_requirements"))
            };
        }
        if !wanted.client.is_trusted || asks("consent") {
            if silently {
                return Ok(self.refuse(wanted, "consent_required"));
            }
            return Ok(pages::consent(visit, wanted));
        }
        self.give_code(visit, wanted, sign_in).await
    }

    pub(crate) async fn give_code(
        &self,
        visit: &Visit,
        wanted: &Wanted<'_>,
        sign_in: &SignIn,
    ) -> Result<Response, Fault> {
        let secret = drawn(self.rng());
        let grant: GrantId = self.rng().id(self.clock().now());
        let code = Code {
            client: wanted.client.id.clone(),
            redirect: wanted.redirect.clone(),
            challenge: wanted.challenge.clone(),
            scopes: wanted.scopes.clone(),
            nonce: wanted.params.get("nonce").map(str::to_owned),
            sign_in: sign_in.clone(),
            grant,
        };
        let until = self.now() + self.options().code_seconds;
        let issue = Command::Issue { purpose: Purpose::Code(Box::new(code)), until };
        let issued = self.ask(self.tickets(), &hash(&secret), issue).await?;
        issued.map_err(|_refusal| Fault::Data("a new code"))?;
        let entry = Entry {
            action: "authorize",
            actor: Some(sign_in.user.to_string()),
            client: Some(wanted.client.id.clone()),
            address: visit.address,
            reason: wanted.scopes.join(" "),
        };
        self.succeeded(entry).await?;
        let state = wanted.params.get("state");
        Ok(self.sent_back(&wanted.redirect, state, &[("code", &secret)]))
    }

    pub(crate) fn refuse(&self, wanted: &Wanted<'_>, error: &str) -> Response {
        self.sent_back(&wanted.redirect, wanted.params.get("state"), &[("error", error)])
    }

    async fn told(&self, visit: &Visit, wrong: Wrong) -> Response {
        let (Wrong::Here(said) | Wrong::There { error: OauthError { said, .. }, .. }) = &wrong;
        if let Err(fault) = self.failed(self.entry("authorize", None, visit, said)).await {
            return pages::fault(visit, &fault);
        }
        match wrong {
            Wrong::Here(said) => pages::wrong(visit, said),
            Wrong::There { redirect, state, error } => {
                let said = [("error", error.error), ("error_description", error.said)];
                self.sent_back(&redirect, state.as_deref(), &said)
            }
        }
    }

    /// Sends somebody back to a client, with the name of who sends him (RFC 9207).
    fn sent_back(&self, redirect: &str, state: Option<&str>, said: &[(&str, &str)]) -> Response {
        let issuer = ("iss", self.options().issuer.as_str());
        let state = state.map(|state| ("state", state));
        let all: Vec<_> = said.iter().copied().chain(state).chain([issuer]).collect();
        let query = serde_urlencoded::to_string(&all).unwrap_or_default();
        let mark = if redirect.contains('?') { '&' } else { '?' };
        see_other(&format!("{redirect}{mark}{query}"))
    }
}

/// Go there, with `GET`.
pub(crate) fn see_other(address: &str) -> Response {
    let Ok(address) = HeaderValue::try_from(address) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::LOCATION, address),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Addresses are compared to the letter; only the port of a program on the same machine is its own
/// affair (RFC 8252).
fn same_address(ours: &str, theirs: &str) -> bool {
    if ours == theirs {
        return true;
    }
    ["http://127.0.0.1/", "http://[::1]/"].into_iter().any(|loopback| {
        let host = loopback.trim_end_matches('/');
        let Some(path) = ours.strip_prefix(host) else { return false };
        let Some(rest) = theirs.strip_prefix(host).and_then(|rest| rest.strip_prefix(':')) else {
            return false;
        };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        path.starts_with('/') && (1..=5).contains(&digits) && rest[digits..] == *path
    })
}

fn check(client: &ClientOptions, params: &Params) -> Result<Vec<String>, OauthError> {
    let wrong = OauthError::request;
    if !client.may_use("authorization_code") {
        return Err(OauthError::new("unauthorized_client", "the client may not ask so"));
    }
    if params.need("response_type")? != "code" {
        return Err(OauthError::new("unsupported_response_type", "only code is given"));
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(wrong("the answer goes into the question of an address only"));
    }
    if params.get("request").is_some() {
        return Err(NOT_SIGNED);
    }
    let challenge = params.need("code_challenge")?;
    let is_hash = decode_strict(challenge).is_ok_and(|bytes| bytes.len() == 32);
    if params.get("code_challenge_method") != Some("S256") || !is_hash {
        return Err(wrong("the challenge is the SHA-256 of a verifier, by the method S256"));
    }
    let is_long = |name| params.get(name).is_some_and(|value| value.len() > STATE_BYTES_MAX);
    if is_long("state") || is_long("nonce") {
        return Err(wrong("the state or the nonce is too long"));
    }
    let prompt = params.words("prompt");
    if prompt.len() > 1 && prompt.iter().any(|word| word == "none") {
        return Err(wrong("nothing is asked, or something"));
    }
    if params.get("max_age").is_some_and(|age| age.parse::<u64>().is_err()) {
        return Err(wrong("max_age is a number of seconds"));
    }
    client.scopes(params.words("scope"))
}
