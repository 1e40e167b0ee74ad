//! Answers of a route that are given again while they are fresh: RFC 9111, as a cache for many.
//!
//! What may be stored, how long it is fresh and to whom it may be given are decided by pure functions
//! ([`control`], [`fresh`]); where answers stand, and which make room for others, is the [`Shelf`]'s.
//! An answer is stored when all of it is here and never before, so a slow reader holds nobody up and
//! half an answer is given to nobody.
//!
//! An answer to someone who says who he is (credentials, a cookie, an identity that the gateway has
//! told) is stored only where RFC 9111 §3.5 allows it, and is given to others only if it says
//! `public` or `s-maxage`. Limits: bytes and answers of a route, bytes of an answer, variants of an
//! address.

mod control;
mod fill;
mod flight;
mod fresh;
mod gather;
mod key;
mod meter;
mod shelf;
mod stored;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, Response};
use ondol_doors::Clock;

use crate::body::{Body, wide};
use crate::config::CacheOptions;

pub(crate) use control::Control;
pub(crate) use flight::{Lead, Seat};
pub(crate) use fresh::{Freshness, Wishes};
pub(crate) use gather::{Gathered, gather};
pub(crate) use key::{Key, Question, whom};
pub(crate) use meter::{CacheMeter, Outcome};
pub(crate) use shelf::{Purge, Shelf};
pub(crate) use stored::{Stored, Vary, names_tag, tell};

use fill::Fill;
use flight::Flights;
use fresh::Rules;
use shelf::Place;

/// How long an answer that may not be stored lets others ask for themselves, side by side.
const PASS: Duration = Duration::from_secs(10);

/// The stored answers of a route, and the rules for them.
#[derive(Debug)]
pub(crate) struct Cache {
    rules: Rules,
    answer_bytes_max: u64,
    /// Headers of a request that the gateway sets or changes: an answer that varies by one of them
    /// cannot be told from others by what clients send.
    ours: Vec<String>,
    clock: Arc<dyn Clock>,
    shelf: Shelf,
    flights: Flights,
    pub(crate) meter: CacheMeter,
}

/// What there is for a question.
#[derive(Debug)]
pub(crate) enum Look {
    /// To be given as it is, so old.
    Fresh(Arc<Stored>, Duration),
    /// To be given, and asked for anew meanwhile.
    Stale(Arc<Stored>),
    /// To be asked for anew first.
    Old(Arc<Stored>),
    /// Nothing for this address.
    Nothing,
    /// Something for this address, but not for this question.
    OtherVariant,
    /// Nothing, and whoever asks will not get what may be stored.
    Pass,
}

impl Cache {
    pub(crate) fn new(options: &CacheOptions, ours: Vec<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            rules: Rules::of(options),
            answer_bytes_max: options.answer_bytes_max,
            ours,
            shelf: Shelf::new(options.bytes_max, CacheOptions::ANSWERS_MAX),
            flights: Flights::default(),
            meter: CacheMeter::default(),
            clock,
        }
    }

    /// Bytes of an answer that may be stored.
    pub(crate) const fn answer_bytes_max(&self) -> u64 {
        self.answer_bytes_max
    }

    /// What a client wishes about stored answers.
    pub(crate) fn wishes(&self, headers: &HeaderMap) -> Wishes {
        match self.rules.obeys_clients {
            true => Wishes::of(headers),
            false => Wishes::default(),
        }
    }

    /// Looks for an answer.
    pub(crate) fn look(&self, question: &Question, headers: &HeaderMap) -> Look {
        let now = self.clock.running();
        match self.shelf.find(&question.key, |stored| stored.answers(question.whom, headers), now) {
            Place::Found(stored) => match stored.freshness.judge(stored.age(now), &question.wishes)
            {
                fresh::Use::Fresh => {
                    let age = stored.age(now);
                    Look::Fresh(stored, age)
                }
                fresh::Use::WhileRevalidating => Look::Stale(stored),
                fresh::Use::Revalidate => Look::Old(stored),
            },
            Place::Other => Look::OtherVariant,
            Place::Pass => Look::Pass,
            Place::Nothing => Look::Nothing,
        }
    }

    /// Whether an answer that failed to be asked for anew may be given in place of an error.
    pub(crate) fn may_stand_in(&self, stored: &Stored, wishes: &Wishes) -> bool {
        stored.freshness.stands_in(stored.age(self.clock.running()), wishes)
    }

    /// How old an answer is.
    pub(crate) fn age(&self, stored: &Stored) -> Duration {
        stored.age(self.clock.running())
    }

    /// A place among those who ask for the same: the first asks, the others wait for him.
    pub(crate) fn seat(&self, question: &Question, headers: &HeaderMap, round: usize) -> Seat {
        let variant = (round > 0).then(|| {
            let names = self.shelf.varying(&question.key);
            stored::fingerprint(question.whom, &names, headers)
        });
        self.flights.seat(question.key.clone(), variant)
    }

    /// Begins to ask: what is purged from now on is not stored by who asked before.
    pub(crate) fn begin(&self, question: &Question) -> Fill<'_> {
        let number = self.shelf.begin(&question.key);
        Fill { shelf: &self.shelf, number, began: self.clock.running() }
    }

    /// How an answer may be stored, if it may.
    pub(crate) fn storable(
        &self,
        question: &Question,
        headers: &HeaderMap,
        response: &Response<Body>,
    ) -> Option<Freshness> {
        let long = response.body().length().is_some_and(|it| it > self.answer_bytes_max);
        let now = self.clock.now();
        let freshness = (!long)
            .then(|| self.rules.storable(question.whom.is_some(), response, now))
            .flatten()?;
        Vary::of(response.headers(), headers, &self.ours).is_some().then_some(freshness)
    }

    /// Remembers that answers to this are not stored, so that nobody waits for another's.
    pub(crate) fn pass(&self, question: &Question) {
        self.shelf.pass(&question.key, self.clock.running() + PASS);
    }

    /// Stores an answer, all of which is here, and gives it back as it is stored.
    pub(crate) fn store(
        &self,
        fill: &Fill<'_>,
        question: &Question,
        asked: &HeaderMap,
        answer: Whole,
    ) -> Arc<Stored> {
        let Whole { status, headers, body, freshness } = answer;
        let vary = Vary::of(&headers, asked, &self.ours).unwrap_or_default();
        let (now, time) = (self.clock.running(), self.clock.now());
        let stored = Stored::new(status, &headers, &body, freshness)
            .at(now, time, now.saturating_sub(fill.began))
            .varying(vary)
            .by(question.whom);
        let stored = Arc::new(stored);
        if wide(body.len()) <= self.answer_bytes_max {
            self.shelf.put(&question.key, Arc::clone(&stored), Some(fill.number));
        }
        stored
    }

    /// A stored answer that is as good as new: its headers are those that came with the news.
    pub(crate) fn freshen(
        &self,
        fill: &Fill<'_>,
        question: &Question,
        asked: &HeaderMap,
        (old, news): (&Stored, &HeaderMap),
    ) -> Arc<Stored> {
        let headers = old.freshened(news);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = old.status;
        *response.headers_mut() = headers;
        let now = self.clock.now();
        let rules = &self.rules;
        let freshness = rules.storable(question.whom.is_some(), &response, now);
        let (parts, _) = response.into_parts();
        let freshness = freshness.unwrap_or_else(Freshness::spent);
        let (status, body) = (old.status, old.body.clone());
        self.store(fill, question, asked, Whole { status, headers: parts.headers, body, freshness })
    }

    /// Lets go of what a change has made doubtful.
    pub(crate) fn invalidate(&self, keys: &[Key]) {
        for key in keys {
            self.shelf.purge(&Purge::Key(key.clone()));
        }
    }

    /// Lets go of answers. How many.
    pub(crate) fn purge(&self, what: &Purge) -> u64 {
        self.shelf.purge(what)
    }

    /// Writes what is counted.
    pub(crate) fn write(&self, route: &str, out: &mut String) -> std::fmt::Result {
        self.meter.write(route, self.shelf.size(), out)
    }
}

/// An answer, all of which is here.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) status: http::StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
    pub(crate) freshness: Freshness,
}

/// What else a change is about, by what its answer says: addresses on the same host.
pub(crate) fn also_changed(key: &Key, headers: &HeaderMap) -> Vec<Key> {
    let places = [LOCATION, CONTENT_LOCATION];
    let places = places.iter().filter_map(|name| headers.get(name)?.to_str().ok());
    places.filter_map(|place| key.beside(place)).collect()
}

#[cfg(test)]
mod proof;
#[cfg(test)]
pub(crate) use proof::probe;
#[cfg(test)]
mod tests;
