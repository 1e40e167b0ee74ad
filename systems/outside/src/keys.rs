//! Idempotency keys, honoured as real providers do.
//!
//! A key that comes again with the same request gets the same answer, whatever that was; with
//! another request it is refused; while its first request runs, it is in conflict. Keys last a day,
//! and of more than [`KEYS_MAX`] the oldest go first: whoever asks again later than that is not
//! recognised, as with any provider.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_lc_rs::digest;
use http::Method;
use ondol_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many keys a provider remembers.
pub const KEYS_MAX: usize = 20_000;
/// For how long.
pub const KEY_LASTS: Duration = Duration::from_secs(24 * 3600);
/// How many requests may be running under keys at once.
pub(crate) const RUNNING_MAX: usize = 4_096;
/// How long a key is.
pub(crate) const KEY_BYTES_MAX: usize = 255;

/// What was answered under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) key: String,
    /// Of the request: the same key for another one is refused.
    pub(crate) fingerprint: String,
    /// When, in microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// How a key stands when a request comes with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nobody has used it: it is running now.
    New,
    /// This was answered.
    Answered(u16, Value),
    /// It was used for another request.
    Otherwise,
    /// Its first request is still running.
    Running,
    /// Too much is running.
    Full,
}

/// The keys of a provider.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    answered: HashMap<String, (u64, Kept)>,
    by_age: BTreeMap<u64, String>,
    running: HashMap<String, String>,
    seen: u64,
}

impl Keys {
    /// A request comes with a key.
    pub(crate) fn begin(&mut self, key: &str, fingerprint: &str, now: Timestamp) -> Known {
        self.forget_before(now);
        if let Some((_, kept)) = self.answered.get(key) {
            if kept.fingerprint != fingerprint {
                return Known::Otherwise;
            }
            return Known::Answered(kept.status, kept.body.clone());
        }
        match self.running.get(key) {
            Some(running) if running != fingerprint => Known::Otherwise,
            Some(_) => Known::Running,
            None if self.running.len() >= RUNNING_MAX => Known::Full,
            None => {
                self.running.insert(key.to_owned(), fingerprint.to_owned());
                Known::New
            }
        }
    }

    /// Its request has ended without an answer to keep.
    pub(crate) fn give_up(&mut self, key: &str) {
        self.running.remove(key);
    }

    /// Its request was answered.
    pub(crate) fn keep(&mut self, kept: Kept) {
        self.running.remove(&kept.key);
        if let Some((age, _)) = self.answered.remove(&kept.key) {
            self.by_age.remove(&age);
        }
        if self.answered.len() >= KEYS_MAX {
            self.forget_oldest();
        }
        self.by_age.insert(self.seen, kept.key.clone());
        self.answered.insert(kept.key.clone(), (self.seen, kept));
        self.seen += 1;
    }

    /// What was answered, the oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Kept> {
        self.by_age.values().filter_map(|key| self.answered.get(key)).map(|(_, kept)| kept)
    }

    fn forget_before(&mut self, now: Timestamp) {
        let lasts = i64::try_from(KEY_LASTS.as_micros()).unwrap_or(i64::MAX);
        while let Some((_, key)) = self.by_age.first_key_value() {
            let is_old = |kept: &Kept| now.as_micros().saturating_sub(kept.at) > lasts;
            if !self.answered.get(key).is_none_or(|(_, kept)| is_old(kept)) {
                return;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_first() {
            self.answered.remove(&key);
        }
    }
}

/// What tells one request from another.
pub(crate) fn fingerprint(method: &Method, path: &[&str], body: &[u8]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(method.as_str().as_bytes());
    for part in path {
        context.update(b"/");
        context.update(part.as_bytes());
    }
    context.update(b"\n");
    context.update(body);
    crate::webhook::hex(context.finish().as_ref())
}

#[cfg(test)]
mod tests;
