//! Good answers of a route, kept for the time when there are none.
//!
//! They stand on the same kind of shelf as those of a cache and are told apart by the same rules; but
//! they are given only in place of a failure, with their age, while they are not too old, and so are
//! kept whether or not they say for how long. Only what everybody may see is kept: whole answers to GET
//! without credentials, that nobody has forbidden to keep and that set no cookie. Limits: so many
//! answers, so many bytes each; those that nobody asks for make room.

use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, HeaderName, RANGE, SET_COOKIE,
    VARY,
};
use http::{HeaderMap, Method, Response, StatusCode};
use ondol_doors::Clock;

use crate::body::{Body, Noted, wide};
use crate::cache::{Control, Freshness, Key, Question, Shelf, Stored, Vary, Wishes};
use crate::canonical::Target;
use crate::handle::Ask;

/// Answers of a route.
const ANSWERS_MAX: usize = 1024;
/// Bytes of an answer's body.
const BYTES_MAX: u64 = 64 * 1024;
/// Headers of a request that an answer may depend on, and still be kept: one for each of their values.
const VARYING: [HeaderName; 3] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE];

/// What a request asks for, if its answer may be kept.
pub(crate) struct Wanted {
    question: Question,
    asked: HeaderMap,
}

impl Wanted {
    pub(crate) fn of(secure: bool, target: &Target, ask: &Ask) -> Option<Self> {
        let Ask { method, headers } = ask;
        let personal = [AUTHORIZATION, COOKIE, RANGE].iter().any(|name| headers.contains_key(name));
        if *method != Method::GET || personal || forbids(headers) {
            return None;
        }
        let mut asked = HeaderMap::new();
        for name in VARYING {
            for value in headers.get_all(&name) {
                asked.append(name.clone(), value.clone());
            }
        }
        let nothing = HeaderMap::new();
        let question = Question::new(Key::of(secure, target), None, Wishes::default(), &nothing);
        Some(Self { question, asked })
    }
}

/// The answers of a route.
#[derive(Debug)]
pub(crate) struct Kept {
    age_max: Duration,
    clock: Arc<dyn Clock>,
    shelf: Shelf,
}

impl Kept {
    pub(crate) fn new(age_max: Duration, clock: Arc<dyn Clock>) -> Self {
        let bytes_max = (BYTES_MAX + BYTES_MAX) * wide(ANSWERS_MAX);
        Self { age_max, clock, shelf: Shelf::new(bytes_max, ANSWERS_MAX) }
    }

    /// Keeps an answer when it has passed through whole, if it may be kept.
    pub(crate) fn keep(
        self: &Arc<Self>,
        wanted: Wanted,
        response: Response<Body>,
    ) -> Response<Body> {
        let length = response.body().length();
        if !may_be_kept(&response) || length.is_some_and(|length| length > BYTES_MAX) {
            return response;
        }
        let (parts, body) = response.into_parts();
        let (kept, headers) = (Arc::clone(self), parts.headers.clone());
        let body = body.noting(BYTES_MAX, move |noted| {
            if let Noted::Whole(body) = noted {
                kept.put(&wanted, &headers, &body);
            }
        });
        Response::from_parts(parts, body)
    }

    /// An answer that was good, and how long ago it was.
    pub(crate) fn find(&self, wanted: &Wanted) -> Option<Response<Body>> {
        let stored =
            self.shelf.get(&wanted.question.key, |stored| stored.answers(None, &wanted.asked))?;
        let age = stored.age(self.clock.running());
        (age <= self.age_max).then(|| stored.plain(&wanted.question, age))
    }

    fn put(&self, wanted: &Wanted, headers: &HeaderMap, body: &[u8]) {
        let stored = Stored::new(StatusCode::OK, headers, body, Freshness::kept(self.age_max))
            .kept(self.clock.running())
            .varying(Vary::by(&VARYING, &wanted.asked));
        self.shelf.put(&wanted.question.key, Arc::new(stored), None);
    }
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
    let control = Control::of(headers);
    control.no_store || control.private
}
