//! How long an answer is fresh, and what may be done with it when it is not (RFC 9111 §3, §4.2; RFC 5861).

use std::time::Duration;

use http::header::{CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, EXPIRES, LAST_MODIFIED, SET_COOKIE};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use ondol_kernel::Timestamp;

use super::control::Control;
use crate::body::Body;
use crate::config::CacheOptions;

/// A tenth of the time since an answer was changed, where that is asked for, and not more than a day.
const HEURISTIC_PART: u32 = 10;
const HEURISTIC_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What a route adds to what answers say of themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    fresh: Option<Duration>,
    heuristic: bool,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
    pub(super) obeys_clients: bool,
}

impl Rules {
    pub(super) fn of(options: &CacheOptions) -> Self {
        Self {
            fresh: options.fresh,
            heuristic: options.heuristic,
            stale_while_revalidate: options.stale_while_revalidate.unwrap_or_default(),
            stale_if_error: options.stale_if_error.unwrap_or_default(),
            obeys_clients: options.obey_clients,
        }
    }

    /// How an answer may be stored, if it may. `personal`: whoever asked has said who he is.
    pub(super) fn storable(
        &self,
        personal: bool,
        response: &Response<Body>,
        now: Timestamp,
    ) -> Option<Freshness> {
        let (status, headers) = (response.status(), response.headers());
        let control = Control::of(headers);
        let shared = control.public || control.s_maxage.is_some();
        let forbidden = control.no_store
            || control.private
            || (personal && !shared && !control.must_revalidate)
            || [SET_COOKIE, CONTENT_RANGE].iter().any(|name| headers.contains_key(name))
            || !is_understood(status)
            || is_endless(headers);
        if forbidden {
            return None;
        }
        let said = said_lifetime(&control, headers, now);
        if said.is_none() && matches!(status, StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT) {
            return None;
        }
        let fresh = said.or_else(|| self.unsaid_lifetime(status, headers, now));
        let freshness = Freshness {
            lifetime: fresh.unwrap_or_default(),
            no_cache: control.no_cache,
            shared,
            // What the answer says itself goes before what `s-maxage` implies; what the route says does not.
            while_revalidating: allowed(
                &control,
                control.stale_while_revalidate,
                self.stale_while_revalidate,
            ),
            if_error: allowed(&control, control.stale_if_error, self.stale_if_error),
            strict: control.must_revalidate || control.no_cache || control.s_maxage.is_some(),
        };
        // What is never fresh is worth its place only if it can be asked about or can stand in.
        let asked_about = said.is_some() || control.no_cache;
        let validated = headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED);
        let useful = freshness.lifetime > Duration::ZERO && !control.no_cache
            || asked_about && validated
            || fresh.is_some() && !freshness.if_error.is_zero();
        useful.then_some(freshness)
    }

    /// How long an answer is fresh that does not say it.
    fn unsaid_lifetime(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Option<Duration> {
        if status == StatusCode::OK && self.fresh.is_some() {
            return self.fresh;
        }
        let changed = self.heuristic.then(|| date(headers, &LAST_MODIFIED)).flatten()?;
        let since = date(headers, &DATE).unwrap_or(now).since(changed);
        Some((since / HEURISTIC_PART).min(HEURISTIC_MAX))
    }
}

/// How long something may be given that is no longer fresh.
fn allowed(control: &Control, said: Option<u64>, otherwise: Duration) -> Duration {
    if control.must_revalidate || control.no_cache {
        return Duration::ZERO;
    }
    match said {
        Some(seconds) => Duration::from_secs(seconds),
        None if control.s_maxage.is_some() => Duration::ZERO,
        None => otherwise,
    }
}

/// Statuses whose meaning a cache must know, and does.
const fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 302 | 307 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

/// Events are never over.
fn is_endless(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    kind.get(..17).is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/event-stream"))
}

/// How long an answer says that it is fresh, for a cache of many.
fn said_lifetime(control: &Control, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if let Some(seconds) = control.s_maxage.or(control.max_age) {
        return Some(Duration::from_secs(seconds));
    }
    if !headers.contains_key(EXPIRES) {
        return None;
    }
    // What cannot be read, such as `0`, is over.
    let expires = date(headers, &EXPIRES).unwrap_or(Timestamp::EPOCH);
    Some(expires.since(date(headers, &DATE).unwrap_or(now)))
}

/// A moment that a header names, if it names one.
pub(super) fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let time = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    Timestamp::EPOCH.checked_add(since)
}

/// How long an answer may be used, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Freshness {
    pub(super) lifetime: Duration,
    pub(super) no_cache: bool,
    /// Whether it may be given to whoever asks.
    pub(super) shared: bool,
    while_revalidating: Duration,
    if_error: Duration,
    /// Whether nobody may have it when it is not fresh, whatever he wishes.
    strict: bool,
}

/// What may be done with a stored answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Fresh,
    WhileRevalidating,
    Revalidate,
}

impl Freshness {
    /// Never fresh.
    pub(super) const fn spent() -> Self {
        Self::kept(Duration::ZERO)
    }

    /// Never fresh, and good enough for so long when there is nothing better.
    pub(crate) const fn kept(if_error: Duration) -> Self {
        Self {
            lifetime: Duration::ZERO,
            no_cache: false,
            shared: false,
            while_revalidating: Duration::ZERO,
            if_error,
            strict: false,
        }
    }

    /// What to do with an answer of this age.
    pub(super) fn judge(&self, age: Duration, wishes: &Wishes) -> Use {
        let wished = !wishes.no_cache && wishes.max_age.is_none_or(|most| age <= most);
        if self.no_cache || !wished {
            return Use::Revalidate;
        }
        if self.lifetime > age && self.lifetime - age >= wishes.min_fresh {
            return Use::Fresh;
        }
        let stale = age.saturating_sub(self.lifetime);
        let may_wait = wishes.min_fresh.is_zero();
        match () {
            () if may_wait && age >= self.lifetime && stale < self.while_revalidating => {
                Use::WhileRevalidating
            }
            () if may_wait
                && !self.strict
                && wishes.max_stale.is_some_and(|most| stale <= most) =>
            {
                Use::Fresh
            }
            () => Use::Revalidate,
        }
    }

    /// Whether an answer of this age may be given in place of an error.
    pub(super) fn stands_in(&self, age: Duration, wishes: &Wishes) -> bool {
        !wishes.no_cache && age.saturating_sub(self.lifetime) < self.if_error
    }

    /// How long an answer of this age is still fresh. Never less than no time.
    pub(super) fn left(&self, age: Duration) -> Duration {
        self.lifetime.saturating_sub(age)
    }
}

/// What a client wishes about stored answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) no_store: bool,
    pub(crate) only_if_cached: bool,
    no_cache: bool,
    max_age: Option<Duration>,
    min_fresh: Duration,
    max_stale: Option<Duration>,
}

impl Wishes {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(http::header::CACHE_CONTROL) {
            return Self::default();
        }
        let control = Control::of(headers);
        Self {
            no_store: control.no_store,
            only_if_cached: control.only_if_cached,
            no_cache: control.no_cache,
            max_age: control.max_age.map(Duration::from_secs),
            min_fresh: Duration::from_secs(control.min_fresh.unwrap_or(0)),
            max_stale: control.max_stale.map(Duration::from_secs),
        }
    }
}
