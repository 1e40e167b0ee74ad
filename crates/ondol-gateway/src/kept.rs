//! Good answers of a route, kept for the time when there are none.
//!
//! Only what everybody may see is kept: whole answers to GET without credentials, that nobody has
//! forbidden to keep and that set no cookie. They are given out in place of a failure, with their age,
//! while they are not too old. Limits: so many answers, so many bytes each; the oldest make room.

mod body;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AGE, AUTHORIZATION, CACHE_CONTROL, COOKIE,
    HeaderName, RANGE, SET_COOKIE, VARY,
};
use http::{HeaderMap, Method, Response, StatusCode};
use ondol_doors::Clock;

use crate::body::{Body, wide};
use crate::canonical::Target;
use crate::handle::Ask;
use body::KeepingBody;

/// Answers of a route.
const ANSWERS_MAX: usize = 1024;
/// Bytes of an answer's body.
const BYTES_MAX: u64 = 64 * 1024;
/// Headers of a request that an answer may depend on, and still be kept: one for each of their values.
const VARYING: [HeaderName; 3] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE];

/// What a request asks for, so that two that are alike can have the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    host: String,
    target: String,
    varying: Vec<Option<Bytes>>,
}

impl Key {
    /// What a request asks for, if its answer may be kept.
    pub(crate) fn of(target: &Target, ask: &Ask) -> Option<Self> {
        let Ask { method, headers } = ask;
        let personal = [AUTHORIZATION, COOKIE, RANGE].iter().any(|name| headers.contains_key(name));
        if *method != Method::GET || personal || forbids(headers) {
            return None;
        }
        let value = |name| headers.get(name).map(|value| Bytes::copy_from_slice(value.as_bytes()));
        let varying = VARYING.iter().map(value).collect();
        let (host, target) = (target.host.as_str().to_owned(), target.as_str().to_owned());
        Some(Self { host, target, varying })
    }
}

/// The answers of a route.
#[derive(Debug)]
pub(crate) struct Kept {
    age_max: Duration,
    clock: Arc<dyn Clock>,
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    by_key: HashMap<Key, Answer>,
    /// Keys in the order in which their answers were kept.
    order: BTreeMap<u64, Key>,
    next: u64,
}

#[derive(Debug)]
struct Answer {
    place: u64,
    at: Duration,
    headers: HeaderMap,
    body: Bytes,
}

impl Kept {
    pub(crate) fn new(age_max: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { age_max, clock, answers: Mutex::default() }
    }

    /// Keeps an answer when it has passed through whole, if it may be kept.
    pub(crate) fn keep(self: &Arc<Self>, key: Key, response: Response<Body>) -> Response<Body> {
        let length = response.body().length();
        if !may_be_kept(&response) || length.is_some_and(|length| length > BYTES_MAX) {
            return response;
        }
        let (parts, body) = response.into_parts();
        if let Some(whole) = body.whole() {
            self.put(key, &parts.headers, &whole);
            return Response::from_parts(parts, body);
        }
        let body = KeepingBody::new(body, Arc::clone(self), key, parts.headers.clone());
        Response::from_parts(parts, Body::wrap(body))
    }

    /// An answer that was good, and how long ago it was.
    pub(crate) fn find(&self, key: &Key) -> Option<Response<Body>> {
        let answers = self.answers();
        let answer = answers.by_key.get(key)?;
        let age = self.clock.running().saturating_sub(answer.at);
        if age > self.age_max {
            return None;
        }
        let mut response = Response::new(Body::full(answer.body.clone()));
        *response.headers_mut() = answer.headers.clone();
        response.headers_mut().insert(AGE, age.as_secs().into());
        Some(response)
    }

    fn put(&self, key: Key, headers: &HeaderMap, body: &[u8]) {
        let at = self.clock.running();
        let mut answers = self.answers();
        let place = answers.next;
        answers.next += 1;
        // The body may be a part of something much larger that would be kept with it.
        let body = Bytes::copy_from_slice(body);
        let answer = Answer { place, at, headers: own(headers), body };
        if let Some(before) = answers.by_key.insert(key.clone(), answer) {
            answers.order.remove(&before.place);
        }
        answers.order.insert(place, key);
        if answers.by_key.len() > ANSWERS_MAX
            && let Some((_, oldest)) = answers.order.pop_first()
        {
            answers.by_key.remove(&oldest);
        }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().expect("nobody panics while holding the answers")
    }
}

/// The same headers in memory of their own.
fn own(headers: &HeaderMap) -> HeaderMap {
    let copied = headers.iter().filter_map(|(name, value)| {
        Some((name.clone(), http::HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    // One name may have several values, which `extend` would lose.
    copied.fold(HeaderMap::with_capacity(headers.len()), |mut own, (name, value)| {
        own.append(name, value);
        own
    })
}

fn may_be_kept(response: &Response<Body>) -> bool {
    let headers = response.headers();
    let varies_known = headers.get_all(VARY).iter().all(|value| {
        let names = value.to_str().unwrap_or("*").split(',').map(str::trim);
        names
            .filter(|name| !name.is_empty())
            .all(|name| VARYING.iter().any(|known| name.eq_ignore_ascii_case(known.as_str())))
    });
    response.status() == StatusCode::OK
        && !headers.contains_key(SET_COOKIE)
        && !forbids(headers)
        && varies_known
}

/// Whether someone has said that this is not to be kept.
fn forbids(headers: &HeaderMap) -> bool {
    headers.get_all(CACHE_CONTROL).iter().any(|value| {
        let words = value.as_bytes().split(|byte| *byte == b',');
        words.into_iter().any(|word| {
            let name = word.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
            name.eq_ignore_ascii_case(b"no-store") || name.eq_ignore_ascii_case(b"private")
        })
    })
}

/// Whether a body of this length so far is too long.
fn is_too_long(length: usize) -> bool {
    wide(length) > BYTES_MAX
}
