//! A visit of a browser: whose it is, its language, and the token that its forms bring back.
//!
//! A form is only believed with the token that stands in a cookie of the same browser: another
//! site can send a form, but cannot read the cookie.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use identity_domain::session::{Command, Session};
use identity_domain::{Method, SessionId, SignIn, UserId};

use crate::asked::Params;
use crate::came_from::address_of;
use crate::fault::Fault;
use crate::provider::Provider;
use crate::secrets::{drawn, hash, same};
use crate::tokens::REPLACED_MAX;
use crate::words::Words;

/// A visit of a browser.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// Who is signed in with a password at least.
    pub(crate) sign_in: Option<SignIn>,
    /// Whether he lacks the second factor that he has.
    pub(crate) is_half: bool,
    pub(crate) words: &'static Words,
    pub(crate) address: Option<IpAddr>,
    /// What forms bring back.
    pub(crate) token: String,
    is_new: bool,
    is_foreign: bool,
}

impl Visit {
    /// Who is signed in, with all that he has.
    pub(crate) fn whole(&self) -> Option<&SignIn> {
        self.sign_in.as_ref().filter(|_| !self.is_half)
    }

    /// Whether a form came from a page of ours in this browser.
    pub(crate) fn is_own_form(&self, params: &Params) -> bool {
        let brought = params.get("csrf").unwrap_or_default();
        !self.is_new && !self.is_foreign && same(brought, &self.token)
    }
}

impl FromRequestParts<Provider> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, provider: &Provider) -> Result<Self, Response> {
        let visit = provider.visit(&parts.headers, address_of(parts)).await;
        visit.map_err(IntoResponse::into_response)
    }
}

impl Provider {
    pub(crate) async fn visit(
        &self,
        headers: &HeaderMap,
        address: Option<IpAddr>,
    ) -> Result<Visit, Fault> {
        let kept = cookie(headers, self.cookie_name("csrf")).filter(|token| token.len() == 43);
        let is_new = kept.is_none();
        let token = kept.map_or_else(|| drawn(self.rng()), str::to_owned);
        let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        let is_foreign = site.is_some_and(|site| site != "same-origin" && site != "none");
        let words = Words::of(headers);
        let mut visit =
            Visit { sign_in: None, is_half: false, words, address, token, is_new, is_foreign };
        let Some((id, secret)) = cookie(headers, self.cookie_name("session"))
            .and_then(|session| session.split_once('.'))
        else {
            return Ok(visit);
        };
        let Ok(id) = id.parse::<SessionId>() else { return Ok(visit) };
        let session = self.sessions().standing(&id.to_string()).await?.state;
        let Session::Live { sign_in, secret: kept, until, .. } = session else { return Ok(visit) };
        if !same(&kept, &hash(secret)) || self.now() >= until {
            return Ok(visit);
        }
        if let Some(user) = self.owner(&sign_in).await? {
            visit.is_half =
                user.active_totp().is_some() && !sign_in.methods.contains(&Method::Totp);
            visit.sign_in = Some(sign_in);
        }
        Ok(visit)
    }

    /// Begins a session under a new name; the one before gives way.
    pub(crate) async fn begin_session(
        &self,
        before: Option<&SignIn>,
        user: UserId,
        methods: Vec<Method>,
    ) -> Result<(SignIn, HeaderValue), Fault> {
        let id: SessionId = self.rng().id(self.clock().now());
        let sign_in = SignIn { id, user, at: self.now(), methods };
        let secret = drawn(self.rng());
        let until = sign_in.at + self.options().session_seconds;
        let instead_of = self.those_before(before, user).await?;
        let (own, hash) = (sign_in.clone(), hash(&secret));
        let start = Command::Start { sign_in: own, secret: hash, until, instead_of };
        let started = self.ask(self.sessions(), &id.to_string(), start).await?;
        started.map_err(|_refusal| Fault::Data("a new session"))?;
        if let Some(before) = before {
            let same = before.user == user;
            let give_way = if same { Command::Replace { by: id } } else { Command::End };
            let given = self.ask(self.sessions(), &before.id.to_string(), give_way).await?;
            given.map_err(|_refusal| Fault::Data("an old session"))?;
        }
        let cookie = self.set_cookie("session", &format!("{id}.{secret}"));
        Ok((sign_in, cookie))
    }

    /// The sessions of the same person whose place a new one takes.
    async fn those_before(
        &self,
        before: Option<&SignIn>,
        user: UserId,
    ) -> Result<Vec<SessionId>, Fault> {
        let Some(before) = before.filter(|before| before.user == user) else {
            return Ok(Vec::new());
        };
        let standing = self.sessions().standing(&before.id.to_string()).await?;
        let mut all = match standing.state {
            Session::Live { instead_of, .. } => instead_of,
            Session::Unknown | Session::Replaced { .. } | Session::Ended => Vec::new(),
        };
        all.push(before.id);
        Ok(all.split_off(all.len().saturating_sub(REPLACED_MAX)))
    }

    fn is_secure(&self) -> bool {
        self.options().issuer.starts_with("https://")
    }

    fn cookie_name(&self, name: &'static str) -> &'static str {
        match (name, self.is_secure()) {
            ("csrf", true) => "__Host-ondol-form",
            ("csrf", false) => "ondol-form",
            (_, true) => "__Host-ondol-session",
            (_, false) => "ondol-session",
        }
    }

    /// A cookie that no script reads and no other site sends along with a form.
    pub(crate) fn set_cookie(&self, name: &'static str, value: &str) -> HeaderValue {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let name = self.cookie_name(name);
        let age = if value.is_empty() { "; Max-Age=0" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("x=; Max-Age=0"))
    }

    /// A page for this visit, and the cookie that its forms need.
    pub(crate) fn shown(&self, visit: &Visit, mut page: Response) -> Response {
        if visit.is_new {
            let cookie = self.set_cookie("csrf", &visit.token);
            page.headers_mut().append(header::SET_COOKIE, cookie);
        }
        page
    }
}

/// The value of a cookie; none, if it is said twice.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let said = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = said
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value);
    let only = found.next()?;
    found.next().is_none().then_some(only)
}
