//! The answers that were given, for a day, in a bounded place.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use ondol_doors::Clock;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdempotencyOptions {
    /// How many keys are remembered.
    pub keys_max: usize,
    /// How many bytes of answers are kept in all.
    pub bytes_max: usize,
    /// For how long.
    pub kept_for: Duration,
}

impl Default for IdempotencyOptions {
    fn default() -> Self {
        let kept_for = Duration::from_secs(24 * 60 * 60);
        Self { keys_max: 100_000, bytes_max: 64 << 20, kept_for }
    }
}

/// Remembers what was answered under which key. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Idempotency {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: IdempotencyOptions,
    clock: Arc<dyn Clock>,
    hashes: RandomState,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    requests: HashMap<Place, Asked>,
    by_age: VecDeque<(Duration, Place)>,
    bytes: usize,
}

/// One key of one who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) principal: Arc<str>,
    pub(super) key: Arc<str>,
}

/// A request that has been made.
#[derive(Debug)]
struct Asked {
    fingerprint: u64,
    answer: Option<Kept>,
}

/// An answer as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What is known of a request.
pub(super) enum Known {
    /// Nothing: it is running from now on.
    New(Running),
    /// It has been answered.
    Answered(Kept),
}

/// A request that is running. When it is dropped without an answer, it may be made again.
pub(super) struct Running {
    shared: Arc<Shared>,
    place: Option<Place>,
}

impl Idempotency {
    /// A book with nothing in it.
    pub fn new(options: IdempotencyOptions, clock: Arc<dyn Clock>) -> Self {
        let (hashes, book) = (RandomState::new(), Mutex::default());
        Self { shared: Arc::new(Shared { options, clock, hashes, book }) }
    }

    /// What tells one request from another under the same key.
    pub(super) fn fingerprint(&self, parts: &Parts, body: &[u8]) -> u64 {
        let target = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        self.shared.hashes.hash_one((parts.method.as_str(), target, body))
    }

    /// Begins a request, unless it has been made.
    pub(super) fn begin(&self, place: Place, fingerprint: u64) -> Result<Known, Problem> {
        let mut book = self.shared.book();
        book.forget(&self.shared.options, self.shared.clock.running());
        match book.requests.entry(place) {
            Entry::Occupied(known) if known.get().fingerprint != fingerprint => Err(reused()),
            Entry::Occupied(known) => {
                known.get().answer.clone().map(Known::Answered).ok_or_else(still_running)
            }
            Entry::Vacant(free) => {
                let place = Some(free.key().clone());
                free.insert(Asked { fingerprint, answer: None });
                Ok(Known::New(Running { shared: Arc::clone(&self.shared), place }))
            }
        }
    }
}

fn reused() -> Problem {
    let title = "This key has been used for another request.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", title)
}

fn still_running() -> Problem {
    let title = "The first request under this key is still running.";
    Problem::new(StatusCode::CONFLICT, "idempotency-key-running", title).retry_after(1)
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// The request has come to its end, with an answer that is to be kept or without.
    pub(super) fn finish(mut self, answer: Option<Kept>) {
        let Some(kept) = answer else { return };
        let Some(place) = self.place.take() else { return };
        let now = self.shared.clock.running();
        let mut book = self.shared.book();
        book.bytes += kept.body.len();
        if let Some(asked) = book.requests.get_mut(&place) {
            asked.answer = Some(kept);
        }
        book.by_age.push_back((now, place));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.shared.book().requests.remove(&place);
        }
    }
}

impl Book {
    /// Forgets what is older than it may be, and the oldest when there is no room for more.
    fn forget(&mut self, options: &IdempotencyOptions, now: Duration) {
        while let Some((kept_at, _)) = self.by_age.front() {
            let is_old = now.saturating_sub(*kept_at) > options.kept_for;
            let is_full = self.by_age.len() >= options.keys_max || self.bytes > options.bytes_max;
            if !is_old && !is_full {
                break;
            }
            let Some((_, place)) = self.by_age.pop_front() else { break };
            let kept = self.requests.remove(&place).and_then(|asked| asked.answer);
            self.bytes = self.bytes.saturating_sub(kept.map_or(0, |kept| kept.body.len()));
        }
    }
}
