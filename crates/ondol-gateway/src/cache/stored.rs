//! A stored answer: what it is, to what it answers, and how old it is.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE,
    ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use ondol_kernel::Timestamp;

use super::control::SECONDS_MAX;
use super::fresh::{Freshness, date};
use super::key::{Identity, Question, Whom};
use crate::body::Body;

/// Headers by which an answer may vary.
const VARYING_MAX: usize = 8;
/// Tags of an answer, and letters of one.
const TAGS_MAX: usize = 64;
const TAG_LETTERS_MAX: usize = 128;
/// What an answer takes beside what it says.
const OVERHEAD: usize = 768;
/// Where what caches have done is told (RFC 9211), and what ours is called there.
pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const OURS: &str = "ondol";
/// Where an answer says its tags.
const TAGS: HeaderName = HeaderName::from_static("cache-tag");
/// Headers that the gateway sets for the backend: no client can be told from another by them.
const NEVER_VARYING: [&str; 7] = [
    "*",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "client-cert",
    "traceparent",
    "tracestate",
];

/// Headers of a request that an answer depends on, and their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Vary(Vec<(HeaderName, Option<Vec<u8>>)>);

impl Vary {
    /// What an answer varies by. Nothing can be said if it varies by more than what a client sends.
    pub(crate) fn of(answer: &HeaderMap, asked: &HeaderMap, ours: &[String]) -> Option<Self> {
        let mut vary = Vec::new();
        for value in answer.get_all(VARY) {
            for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if name.is_empty() {
                    continue;
                }
                let name = HeaderName::from_bytes(name).ok().filter(|name| {
                    let name = name.as_str();
                    !NEVER_VARYING.contains(&name) && !ours.iter().any(|ours| ours == name)
                })?;
                let value = selecting(&name, asked);
                if !vary.iter().any(|(known, _)| *known == name) {
                    vary.push((name, value));
                }
            }
        }
        (vary.len() <= VARYING_MAX).then_some(Self(vary))
    }

    /// An answer that depends on these.
    pub(crate) fn by(names: &[HeaderName], asked: &HeaderMap) -> Self {
        Self(names.iter().map(|name| (name.clone(), selecting(name, asked))).collect())
    }

    fn matches(&self, asked: &HeaderMap) -> bool {
        self.0.iter().all(|(name, value)| selecting(name, asked) == *value)
    }

    fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter().map(|(name, _)| name)
    }
}

/// All values of a header as one, in a form in which those that mean the same are the same.
fn selecting(name: &HeaderName, asked: &HeaderMap) -> Option<Vec<u8>> {
    let mut all: Option<Vec<u8>> = None;
    for value in asked.get_all(name) {
        let all = all.get_or_insert_with(Vec::new);
        if !all.is_empty() {
            all.push(b',');
        }
        all.extend_from_slice(value.as_bytes().trim_ascii());
    }
    if *name == ACCEPT_ENCODING
        && let Some(all) = &mut all
    {
        all.retain(|byte| *byte != b' ' && *byte != b'\t');
        all.make_ascii_lowercase();
    }
    all
}

/// Who asks, and for which variant.
pub(super) fn fingerprint(whom: Option<Whom>, names: &[HeaderName], asked: &HeaderMap) -> Whom {
    let mut identity = Identity::unknown();
    identity.says("", whom.as_ref().map_or(&[], |whom| &whom[..]));
    for name in names {
        let value = selecting(name, asked);
        identity.says(if value.is_some() { name.as_str() } else { "" }, &value.unwrap_or_default());
    }
    identity.finish().unwrap_or_default()
}

/// A stored answer.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(super) freshness: Freshness,
    pub(super) tags: Vec<Box<str>>,
    vary: Vary,
    whom: Option<Whom>,
    /// When it came, on the clock that never goes back, and how old it was then.
    came: Duration,
    age: Duration,
    /// What caches before this one have told, to be told again before our own word.
    told_before: String,
    /// What is told of it in this second.
    telling: Mutex<Option<Telling>>,
}

/// What is told of an answer that is given as it is. It changes once a second.
#[derive(Debug, Clone)]
struct Telling {
    second: u64,
    age: HeaderValue,
    status: HeaderValue,
}

impl Stored {
    /// An answer, in memory of its own: what it came in may be a part of something much larger.
    pub(crate) fn new(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        freshness: Freshness,
    ) -> Self {
        let mut headers = own(headers);
        let before = headers.get_all(CACHE_STATUS).iter().filter_map(|it| it.to_str().ok());
        let told_before = before.fold(String::new(), |all, told| all + told + ", ");
        headers.remove(CACHE_STATUS);
        Self {
            status,
            body: Bytes::copy_from_slice(body),
            freshness,
            tags: read_tags(&headers),
            headers,
            vary: Vary::default(),
            whom: None,
            came: Duration::ZERO,
            age: Duration::ZERO,
            told_before,
            telling: Mutex::new(None),
        }
    }

    /// It came then, `delay` after it was asked for (RFC 9111 §4.2.3).
    pub(crate) fn at(mut self, came: Duration, time: Timestamp, delay: Duration) -> Self {
        let said = self.headers.get(AGE).and_then(|age| age.to_str().ok()?.parse::<u64>().ok());
        let said = Duration::from_secs(said.unwrap_or(0).min(SECONDS_MAX));
        let apparent = date(&self.headers, &DATE).map_or(Duration::ZERO, |date| time.since(date));
        self.came = came;
        self.age = apparent.max(said + delay);
        // Places for what is told with each answer, so that no map of headers has to grow for it.
        self.headers.insert(AGE, HeaderValue::from_static("0"));
        self.headers.insert(CACHE_STATUS, HeaderValue::from_static(OURS));
        if !self.headers.contains_key(DATE)
            && let Ok(seconds) = u64::try_from(time.as_micros().div_euclid(1_000_000))
        {
            let time = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(time)) {
                self.headers.insert(DATE, date);
            }
        }
        if self.status != StatusCode::NO_CONTENT {
            self.headers.insert(CONTENT_LENGTH, self.body.len().into());
        }
        self
    }

    /// It is kept from now on, as it came: its age is counted from here.
    pub(crate) fn kept(mut self, now: Duration) -> Self {
        self.came = now;
        self.headers.insert(CONTENT_LENGTH, self.body.len().into());
        self
    }

    pub(crate) fn varying(self, vary: Vary) -> Self {
        Self { vary, ..self }
    }

    pub(crate) fn by(self, whom: Option<Whom>) -> Self {
        Self { whom, ..self }
    }

    /// Whether it answers a request with these headers, asked by him.
    pub(crate) fn answers(&self, whom: Option<Whom>, asked: &HeaderMap) -> bool {
        (self.freshness.shared || self.whom == whom) && self.vary.matches(asked)
    }

    /// Whether it takes the place of another.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        let same_whom =
            self.whom == other.whom || (self.freshness.shared && other.freshness.shared);
        same_whom && self.vary == other.vary
    }

    pub(super) fn varying_names(&self) -> impl Iterator<Item = &HeaderName> {
        self.vary.names()
    }

    /// How old it is.
    pub(crate) fn age(&self, now: Duration) -> Duration {
        self.age + now.saturating_sub(self.came)
    }

    /// Bytes that it takes, about.
    pub(super) fn cost(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        let vary = self.vary.0.iter().map(|(_, value)| value.as_ref().map_or(0, Vec::len));
        OVERHEAD + self.body.len() + headers.sum::<usize>() + vary.sum::<usize>()
    }

    /// Asks whether it is still good, with what it can be known by.
    pub(crate) fn ask_about(&self, headers: &mut HeaderMap) {
        headers.remove(IF_NONE_MATCH);
        headers.remove(IF_MODIFIED_SINCE);
        if let Some(etag) = self.headers.get(ETAG) {
            headers.insert(IF_NONE_MATCH, etag.clone());
        }
        if let Some(changed) = self.headers.get(LAST_MODIFIED) {
            headers.insert(IF_MODIFIED_SINCE, changed.clone());
        }
    }

    /// Its headers after it was found to be good (RFC 9111 §3.2): what is said of the body stays.
    pub(super) fn freshened(&self, news: &HeaderMap) -> HeaderMap {
        let mut headers = self.headers.clone();
        // How old it is follows from the news, also where they do not say when they were made.
        headers.remove(DATE);
        headers.remove(AGE);
        headers.remove(CACHE_STATUS);
        let of_body = [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_TYPE, CONTENT_RANGE];
        for name in news.keys().filter(|name| !of_body.contains(name)) {
            headers.remove(name);
            for value in news.get_all(name) {
                headers.append(name.clone(), value.clone());
            }
        }
        headers
    }

    /// The answer to a question, given as it is.
    pub(crate) fn hit(&self, question: &Question, age: Duration) -> Response<Body> {
        let Telling { age: told, status, .. } = self.telling(age);
        let mut response = self.response(question);
        let headers = response.headers_mut();
        headers.insert(AGE, told);
        headers.insert(CACHE_STATUS, status);
        response
    }

    fn telling(&self, age: Duration) -> Telling {
        let mut telling = self.telling.lock().expect("nobody panics while holding a word");
        let second = age.as_secs();
        if let Some(telling) = telling.as_ref().filter(|telling| telling.second == second) {
            return telling.clone();
        }
        let left = self.freshness.left(Duration::from_secs(second)).as_secs();
        let status = self.status(&format!("hit; ttl={left}"));
        let new = Telling { second, age: second.into(), status };
        *telling = Some(new.clone());
        new
    }

    /// What caches before this one have told, and our own word.
    fn status(&self, word: &str) -> HeaderValue {
        let text = format!("{}{OURS}; {word}", self.told_before);
        HeaderValue::try_from(text).unwrap_or_else(|_error| HeaderValue::from_static(OURS))
    }

    /// The answer to a question, of which nothing is told but its age.
    pub(crate) fn plain(&self, question: &Question, age: Duration) -> Response<Body> {
        let mut response = self.response(question);
        response.headers_mut().insert(AGE, age.as_secs().into());
        response
    }

    /// The answer to a question, with a word about how it came.
    pub(crate) fn answer(&self, question: &Question, age: Duration, word: &str) -> Response<Body> {
        let mut response = self.response(question);
        response.headers_mut().insert(AGE, age.as_secs().into());
        response.headers_mut().insert(CACHE_STATUS, self.status(word));
        response
    }

    /// The answer to a question: nothing but its headers to who has the body already.
    fn response(&self, question: &Question) -> Response<Body> {
        let mut headers = self.headers.clone();
        let known = self.status == StatusCode::OK && self.is_known_to(question);
        let bodiless = known || question.head_only;
        let body = if bodiless { Body::empty() } else { Body::full(self.body.clone()) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            headers.remove(CONTENT_LENGTH);
        }
        *response.headers_mut() = headers;
        response
    }

    /// Whether the client has it already.
    fn is_known_to(&self, question: &Question) -> bool {
        if let Some(has) = &question.has {
            let own = self.headers.get(ETAG).map(|etag| opaque(etag.as_bytes()));
            return names_tag(has.as_bytes(), own);
        }
        let Some(since) = &question.has_since else { return false };
        let since = since.to_str().ok().and_then(|since| httpdate::parse_http_date(since).ok());
        let changed = self.headers.get(LAST_MODIFIED).and_then(|changed| changed.to_str().ok());
        let changed = changed.and_then(|changed| httpdate::parse_http_date(changed).ok());
        changed.zip(since).is_some_and(|(changed, since)| changed <= since)
    }
}

/// An entity tag without its weakness.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Whether a list of entity tags has this one; `*` means any.
pub(crate) fn names_tag(list: &[u8], own: Option<&[u8]>) -> bool {
    if list.trim_ascii() == b"*" {
        return true;
    }
    let Some(own) = own.map(opaque) else { return false };
    let mut rest = list.trim_ascii();
    while !rest.is_empty() {
        let tag = opaque(rest);
        let Some(inner) = tag.strip_prefix(b"\"") else { return false };
        let Some(end) = memchr::memchr(b'"', inner) else { return false };
        if tag[..end + 2] == *own {
            return true;
        }
        rest = inner[end + 1..].trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(b"").trim_ascii_start();
    }
    false
}

/// A word about how an answer came that is not stored.
pub(crate) fn tell(headers: &mut HeaderMap, word: &str) {
    if let Ok(value) = HeaderValue::try_from(format!("{OURS}; {word}")) {
        headers.append(CACHE_STATUS, value);
    }
}

fn read_tags(headers: &HeaderMap) -> Vec<Box<str>> {
    let values = headers.get_all(TAGS).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split([',', ' '])).map(str::trim);
    let tags = tags.filter(|tag| (1..=TAG_LETTERS_MAX).contains(&tag.len()));
    tags.take(TAGS_MAX).map(Box::from).collect()
}

/// The same headers in memory of their own.
pub(crate) fn own(headers: &HeaderMap) -> HeaderMap {
    let copied = headers.iter().filter_map(|(name, value)| {
        Some((name.clone(), HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    // One name may have several values, which `extend` would lose.
    copied.fold(HeaderMap::with_capacity(headers.len() + 4), |mut own, (name, value)| {
        own.append(name, value);
        own
    })
}
