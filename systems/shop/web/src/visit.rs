//! Somebody who looks at a page: who he is, if he has signed in; his language; where he buys.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::site::Site;
use crate::words::Words;

/// The cookie with the sign-in.
pub(crate) const SIGN_IN: &str = "shop-sign-in";
const LANGUAGE: &str = "shop-language";
const REGION: &str = "shop-region";
/// How long a choice of language and region is remembered, in seconds.
const CHOICE_SECONDS: u32 = 365 * 24 * 3600;

/// Who has signed in, until when, and by which token the API knows him.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) name: String,
    pub(crate) token: String,
    /// In seconds since 1970.
    pub(crate) until: u64,
}

/// Where in the world somebody buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    Asia,
    Eu,
    Us,
}

/// A visit.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) words: &'static Words,
    pub(crate) region: Region,
    /// Where this page is, to come back to.
    pub(crate) here: String,
    /// Whether only a part of the page was asked for, by a script of ours.
    pub(crate) is_part: bool,
}

/// Somebody who has signed in. Whoever has not is sent to do it, and comes back.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) visit: Visit,
    pub(crate) token: String,
}

impl Region {
    pub(crate) const ALL: [Self; 3] = [Self::Asia, Self::Eu, Self::Us];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Asia => "ASIA",
            Self::Eu => "EU",
            Self::Us => "US",
        }
    }

    /// In which currency one pays there.
    pub(crate) const fn currency(self) -> &'static str {
        match self {
            Self::Asia => "KRW",
            Self::Eu => "EUR",
            Self::Us => "USD",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.name() == name)
    }
}

impl Visit {
    fn of(parts: &Parts, site: &Site) -> Self {
        let headers = &parts.headers;
        let sign_in: Option<SignIn> =
            cookie(headers, SIGN_IN).and_then(|text| site.sealer.unseal(SIGN_IN, text));
        let region = cookie(headers, REGION).and_then(Region::named).unwrap_or(Region::Asia);
        let here = parts.uri.path_and_query().map_or("/shop", |path| path.as_str());
        Self {
            sign_in: sign_in.filter(|sign_in| sign_in.until > site.now_seconds()),
            words: Words::of(cookie(headers, LANGUAGE), headers),
            region,
            here: here.to_owned(),
            is_part: headers.contains_key("hx-request"),
        }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.sign_in.as_ref().map(|sign_in| sign_in.token.as_str())
    }

    /// How the API is to show things to him.
    pub(crate) fn shown(&self) -> String {
        format!("lang={}&currency={}", self.words.lang, self.region.currency())
    }

    /// Sends him to sign in; he comes back to a page that he can look at.
    pub(crate) fn to_sign_in(&self, back: &str) -> Response {
        let then = serde_urlencoded::to_string([("then", back)]).unwrap_or_default();
        let to = format!("/shop/sign-in?{then}");
        if self.is_part {
            // A script follows a redirect unseen: it is told to have the whole page go there.
            return (StatusCode::OK, [("hx-redirect", to)]).into_response();
        }
        Redirect::to(&to).into_response()
    }
}

impl FromRequestParts<Site> for Visit {
    type Rejection = Response;

    /// A form of another site is not ours: a browser says where one comes from.
    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let visit = Self::of(parts, site);
        if parts.method != Method::GET && is_foreign(&parts.headers, &site.options.origin) {
            return Err(site.said(&visit, StatusCode::FORBIDDEN, visit.words.not_own));
        }
        Ok(visit)
    }
}

impl FromRequestParts<Site> for Known {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, site).await?;
        match visit.token().map(str::to_owned) {
            Some(token) => Ok(Self { visit, token }),
            None => {
                let is_page = parts.method == Method::GET && !visit.is_part;
                let back = if is_page { visit.here.clone() } else { referer(&parts.headers) };
                Err(visit.to_sign_in(&back))
            }
        }
    }
}

/// Whether a form comes from elsewhere, or nobody says from where.
fn is_foreign(headers: &HeaderMap, origin: &str) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (said("sec-fetch-site"), said("origin")) {
        (Some(site), _) => site != "same-origin",
        (None, Some(from)) => from != origin,
        (None, None) => true,
    }
}

/// The page that a form stood on, if it is one of ours.
pub(crate) fn referer(headers: &HeaderMap) -> String {
    let said = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = said.and_then(|address| address.parse::<http::Uri>().ok());
    let path = path.and_then(|uri| uri.path_and_query().map(|path| path.as_str().to_owned()));
    path.filter(|path| is_ours(path)).unwrap_or_else(|| "/shop".to_owned())
}

/// Whether an address is one of these pages: nobody is sent elsewhere from here.
pub(crate) fn is_ours(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    (path == "/shop" || path.starts_with("/shop/") || path.starts_with("/shop?"))
        && path.bytes().all(plain)
}

/// The value of a cookie; none, if it is said twice.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let said = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = said
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value);
    let only = found.next()?;
    found.next().is_none().then_some(only)
}

/// A cookie that no script reads and no other site sends along with a form; gone after so many
/// seconds.
pub(crate) fn set_cookie(site: &Site, name: &str, value: &str, seconds: u64) -> HeaderValue {
    let secure = if site.options.origin.starts_with("https://") { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path=/shop; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("x=; Max-Age=0"))
}

/// What somebody chooses for all pages.
#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    lang: Option<String>,
    region: Option<String>,
}

impl Choice {
    /// The cookies that remember it.
    pub(crate) fn cookies(&self, site: &Site) -> Vec<HeaderValue> {
        let known = |text: &&String| matches!(text.as_str(), "ko" | "en");
        let lang = self.lang.as_ref().filter(known).map(|lang| (LANGUAGE, lang.as_str()));
        let region = self.region.as_deref().and_then(Region::named);
        let region = region.map(|region| (REGION, region.name()));
        let chosen = lang.into_iter().chain(region);
        chosen
            .map(|(name, value)| set_cookie(site, name, value, u64::from(CHOICE_SECONDS)))
            .collect()
    }
}
