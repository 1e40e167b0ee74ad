//! An answer we have, or one that is stored on its way through.

use std::sync::Arc;

use http::header::{IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};
use http::{HeaderMap, Method, Response, StatusCode};

use super::{Core, Exchange, Record};
use crate::body::{Body, BodyError};
use crate::cache::{
    Cache, Gathered, Key, Lead, Look, Outcome, Question, Seat, Stored, Whole, also_changed, gather,
    tell, whom,
};
use crate::chore::Chore;
use crate::handle::Peer;
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// How often a request waits for another's answer before it asks by itself.
const ROUNDS_MAX: usize = 3;

/// An answer that is there, or the question for one.
pub(super) enum AtOnce {
    Stored(Response<Body>),
    Asked(Result<Question, &'static str>),
}

/// An answer that is to be asked for anew, behind whoever got it.
pub(crate) struct Refresh {
    exchange: Exchange,
    question: Question,
    old: Arc<Stored>,
    lead: Lead,
}

/// Asking for what is to be stored.
struct Filling<'a> {
    cache: &'a Cache,
    question: Question,
    /// What is to be asked about.
    old: Option<Arc<Stored>>,
    why: &'static str,
    /// Those who wait for it; nobody does, if there is none.
    lead: Option<Lead>,
}

impl Core {
    /// Answers from the cache when it can, or asks and stores.
    pub(super) async fn cached(
        &self,
        cache: &Arc<Cache>,
        question: Result<Question, &'static str>,
        exchange: Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let question = match question {
            Ok(question) => question,
            Err(why) => return self.past(cache, why, exchange, record).await,
        };
        let mut waited = false;
        for round in 0..ROUNDS_MAX {
            let looked = cache.look(&question, &exchange.ask.headers);
            let (old, why, pass) = match looked {
                Look::Fresh(stored, age) => {
                    let (outcome, response) = match waited {
                        false => (Outcome::Hit, stored.hit(&question, age)),
                        true => {
                            let word = "fwd=miss; collapsed";
                            (Outcome::Collapsed, stored.answer(&question, age, word))
                        }
                    };
                    cache.meter.count(outcome);
                    return Ok(response);
                }
                Look::Stale(stored) => {
                    cache.meter.count(Outcome::Stale);
                    let word = "hit; detail=stale-while-revalidate";
                    let response = stored.answer(&question, cache.age(&stored), word);
                    self.refresh_behind(cache, stored, question, exchange);
                    return Ok(response);
                }
                Look::Old(stored) => (Some(stored), "fwd=stale", false),
                Look::OtherVariant => (None, "fwd=vary-miss", false),
                Look::Nothing => (None, "fwd=uri-miss", false),
                Look::Pass => (None, "fwd=miss", true),
            };
            if question.wishes.only_if_cached {
                return Err(Problem::NotStored);
            }
            if question.head_only {
                return self.past(cache, why, exchange, record).await;
            }
            let seat = match pass {
                true => None,
                false => Some(cache.seat(&question, &exchange.ask.headers, round)),
            };
            let lead = match seat {
                None => None,
                Some(Seat::Lead(lead)) => Some(lead),
                Some(Seat::Wait(mut over)) => {
                    let patience = exchange.route.waits.answer;
                    tokio::select! {
                        // It never changes: it ends.
                        _ended = over.changed() => {}
                        () = self.clock.sleep(patience) => return Err(Problem::UpstreamTimedOut),
                    }
                    waited = true;
                    continue;
                }
            };
            let filling = Filling { cache, question, old, why, lead };
            return self.fill(filling, exchange, record).await;
        }
        let filling = Filling { cache, question, old: None, why: "fwd=miss", lead: None };
        self.fill(filling, exchange, record).await
    }

    /// Goes past the cache.
    async fn past(
        &self,
        cache: &Cache,
        why: &str,
        mut exchange: Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        cache.meter.count(Outcome::Bypass);
        let mut response = self.procure(&mut exchange, record).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            tell(response.headers_mut(), why);
        }
        Ok(response)
    }

    fn refresh_behind(
        &self,
        cache: &Cache,
        old: Arc<Stored>,
        question: Question,
        mut exchange: Exchange,
    ) {
        if let Seat::Lead(lead) = cache.seat(&question, &exchange.ask.headers, 1) {
            exchange.ask.method = Method::GET;
            let question = Question { head_only: false, ..question };
            // What no worker waits for goes over connections that no worker uses.
            exchange.peer = Arc::new(Peer { worker: self.no_worker, ..(*exchange.peer).clone() });
            let refresh = Refresh { exchange, question, old, lead };
            self.chores.send(Chore::Refresh(Box::new(refresh)));
        }
    }

    /// Asks for an answer anew, for nobody but those who come later.
    pub(crate) async fn refresh(&self, refresh: Refresh) {
        let Refresh { exchange, question, old, lead } = refresh;
        let route = Arc::clone(&exchange.route);
        let Some(cache) = &route.cache else { return };
        let mut record = Record::nameless(self, &exchange.peer);
        let filling =
            Filling { cache, question, old: Some(old), why: "fwd=stale", lead: Some(lead) };
        if let Err(problem) = self.fill(filling, exchange, &mut record).await {
            tracing::debug!(route = &*route.name, code = problem.code(), "an answer stays old");
        }
    }

    /// Asks the backend, and stores what it answers.
    async fn fill(
        &self,
        filling: Filling<'_>,
        mut exchange: Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let Filling { cache, question, old, why, lead } = filling;
        let asked = exchange.ask.headers.clone();
        let fill = cache.begin(&question);
        if let Some(old) = &old {
            old.ask_about(&mut exchange.ask.headers);
        }
        let outcome = Box::pin(self.procure(&mut exchange, record)).await;
        let status = outcome.as_ref().map_or_else(Problem::status, Response::status);
        let stand_in = old.as_ref().filter(|old| cache.may_stand_in(old, &question.wishes));
        if let Some(old) = stand_in.filter(|_| is_failure(status)) {
            cache.meter.count(Outcome::Stale);
            record.fell_back();
            return Ok(stale_if_error(cache, old, &question, status));
        }
        let response = outcome?;
        if let Some(old) = old.as_ref().filter(|_| status == StatusCode::NOT_MODIFIED) {
            let stored = cache.freshen(&fill, &question, &asked, (old, response.headers()));
            cache.meter.count(Outcome::Revalidated);
            let word = "fwd=stale; fwd-status=304; stored";
            return Ok(stored.answer(&question, cache.age(&stored), word));
        }
        let storable = cache.storable(&question, &asked, &response);
        let Some(freshness) = storable else {
            if status != StatusCode::NOT_MODIFIED && !is_failure(status) {
                cache.pass(&question);
            }
            drop(lead);
            return Ok(unstored(cache, why, response));
        };
        let (parts, body) = response.into_parts();
        match gather(body, cache.answer_bytes_max()).await {
            Ok(Gathered::Whole(body)) => {
                let answer = Whole { status, headers: parts.headers, body, freshness };
                let stored = cache.store(&fill, &question, &asked, answer);
                cache.meter.count(Outcome::Miss);
                let word = format!("{why}; stored");
                Ok(stored.answer(&question, cache.age(&stored), &word))
            }
            Ok(Gathered::More(body)) => {
                cache.pass(&question);
                drop(lead);
                Ok(unstored(cache, why, Response::from_parts(parts, body)))
            }
            Err(error) => match stand_in {
                Some(old) => {
                    cache.meter.count(Outcome::Stale);
                    Ok(stale_if_error(cache, old, &question, StatusCode::BAD_GATEWAY))
                }
                None => Err(broken(&error)),
            },
        }
    }

    /// Lets go of what a request that has changed something makes doubtful, on every route.
    pub(super) fn changed(&self, snapshot: &Snapshot, key: &Key, headers: &HeaderMap) {
        let mut keys = also_changed(key, headers);
        keys.push(key.clone());
        let others: Vec<_> = keys.iter().map(Key::otherwise).collect();
        keys.extend(others);
        for cache in snapshot.caches() {
            cache.invalidate(&keys);
        }
    }
}

/// What there is to say of a request before anything has to be waited for.
pub(super) fn stored(snapshot: &Snapshot, cache: &Cache, exchange: &Exchange) -> AtOnce {
    let question = question(snapshot, cache, exchange);
    if let Ok(question) = &question
        && let Look::Fresh(stored, age) = cache.look(question, &exchange.ask.headers)
    {
        cache.meter.count(Outcome::Hit);
        return AtOnce::Stored(stored.hit(question, age));
    }
    AtOnce::Asked(question)
}

/// What a request asks the cache, or why it does not.
fn question(
    snapshot: &Snapshot,
    cache: &Cache,
    exchange: &Exchange,
) -> Result<Question, &'static str> {
    let Exchange { ask, body, target, peer, route, .. } = exchange;
    let head_only = ask.method == Method::HEAD;
    if ask.method != Method::GET && !head_only {
        return Err("fwd=method");
    }
    let special = [RANGE, IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE];
    let is_special = special.iter().any(|name| ask.headers.contains_key(name));
    if is_special || exchange.upgrade || !http_body::Body::is_end_stream(body) {
        return Err("fwd=bypass");
    }
    let wishes = cache.wishes(&ask.headers);
    if wishes.no_store {
        return Err("fwd=request");
    }
    let shown = peer.certificate.as_ref().filter(|_| route.forward_certificate);
    let shown = shown.map(|certificate| &certificate.field);
    let whom = whom(&ask.headers, shown, exchange.caller.as_ref(), |name| {
        snapshot.headers.tells_who(name)
    });
    let key = Key::of(peer.secure, target);
    Ok(Question { head_only, ..Question::new(key, whom, wishes, &ask.headers) })
}

/// Failures in whose place an answer may be given that is no longer fresh.
const fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

fn stale_if_error(
    cache: &Cache,
    old: &Stored,
    question: &Question,
    status: StatusCode,
) -> Response<Body> {
    let word = format!("fwd=stale; fwd-status={}; detail=stale-if-error", status.as_u16());
    old.answer(question, cache.age(old), &word)
}

fn unstored(cache: &Cache, why: &str, mut response: Response<Body>) -> Response<Body> {
    cache.meter.count(Outcome::Miss);
    tell(response.headers_mut(), why);
    response
}

/// What is said of an answer that broke off.
pub(super) fn broken(error: &BodyError) -> Problem {
    match error {
        BodyError::TooSlow => Problem::UpstreamTimedOut,
        BodyError::Malformed(_) => Problem::UpstreamMalformed,
        _ => Problem::UpstreamFailed,
    }
}
