//! The way to where a limit is shared: what is to be asked, and whether asking is of use now.
//!
//! Requests do not speak to Redis. They leave what they ask here, one ask for each key at a time, and one
//! task (`redis`) carries all that has gathered over at once: the busier it is, the more go together.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::ledger::Ledger;
use super::share::{Given, Wanted};
use crate::config::RedisOptions;

/// Asks that may wait to be carried over. More keys than this are counted here alone.
const ASKS_MAX: usize = 4096;
/// Asks that are carried over at once.
pub(super) const BATCH_MAX: usize = 256;
/// How long calls may be used that were given, at most; otherwise a sixteenth of the limit's time.
const LEASE_MAX: Duration = Duration::from_secs(1);
const PARTS: u32 = 16;

/// What is asked about one key.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) hash: u64,
    pub(crate) name: String,
    pub(crate) calls: u32,
    pub(crate) per: Duration,
    pub(crate) wanted: Wanted,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Given(Given),
    /// What was counted has been lost, which matters for so long.
    Lost(Duration),
    None,
}

/// A Redis, as requests see it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) options: RedisOptions,
    asks: Mutex<Vec<Ask>>,
    pub(super) bell: Notify,
    is_up: AtomicBool,
    is_prompt: AtomicBool,
    carried: AtomicU64,
    failed: AtomicU64,
    alone: AtomicU64,
}

/// For how long calls may be used that were given.
pub(crate) fn lease(per: Duration) -> Duration {
    (per / PARTS).min(LEASE_MAX)
}

/// The parts of time in which calls are counted.
pub(super) fn part(per: Duration) -> Duration {
    per / PARTS
}

impl Link {
    pub(crate) fn new(name: &str, options: &RedisOptions) -> Self {
        Self {
            name: name.to_owned(),
            options: options.clone(),
            asks: Mutex::default(),
            bell: Notify::new(),
            is_up: AtomicBool::new(false),
            is_prompt: AtomicBool::new(true),
            carried: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            alone: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    /// Whether answers come in time; if they do not, nobody waits for them.
    pub(crate) fn is_prompt(&self) -> bool {
        self.is_prompt.load(Ordering::Relaxed)
    }

    pub(crate) fn note_prompt(&self, prompt: bool) {
        self.is_prompt.store(prompt, Ordering::Relaxed);
    }

    /// A request was judged without asking.
    pub(crate) fn note_alone(&self) {
        self.alone.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_carried(&self, asks: usize, failed: bool) {
        let counter = if failed { &self.failed } else { &self.carried };
        counter.fetch_add(u64::try_from(asks).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Leaves an ask; it is answered in any case.
    pub(crate) fn leave(&self, ask: Ask, now: Duration) {
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        if asks.len() < ASKS_MAX && self.is_up() {
            asks.push(ask);
            drop(asks);
            self.bell.notify_one();
        } else {
            drop(asks);
            ask.answer(Answer::None, now, now);
        }
    }

    /// The next that are to be carried over.
    pub(super) fn batch(&self) -> Vec<Ask> {
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        let number = asks.len().min(BATCH_MAX);
        asks.drain(..number).collect()
    }

    pub(super) fn come_up(&self) {
        self.note_prompt(true);
        self.is_up.store(true, Ordering::Release);
    }

    /// There is no way over: whoever waits goes on alone.
    pub(super) fn go_down(&self, now: Duration) {
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_up.store(false, Ordering::Release);
        let left = std::mem::take(&mut *asks);
        drop(asks);
        for ask in left {
            ask.answer(Answer::None, now, now);
        }
    }

    /// How it is, as Prometheus reads it.
    pub(crate) fn write(&self, out: &mut String) -> std::fmt::Result {
        let name = &self.name;
        let up = u8::from(self.is_up());
        writeln!(out, "ondol_gateway_redis_up{{redis=\"{name}\"}} {up}")?;
        for (series, counter) in [
            ("asked_total", &self.carried),
            ("failed_total", &self.failed),
            ("alone_total", &self.alone),
        ] {
            let number = counter.load(Ordering::Relaxed);
            writeln!(out, "ondol_gateway_redis_{series}{{redis=\"{name}\"}} {number}")?;
        }
        Ok(())
    }
}

impl Ask {
    /// Tells what came of it: asked at a time, and answered at another.
    pub(super) fn answer(self, answer: Answer, asked: Duration, now: Duration) {
        let Self { ledger, hash, per, .. } = self;
        let lease = lease(per);
        if let Answer::Lost(wait) = answer {
            ledger.has_lost(now + wait);
        }
        ledger.table.with_known(hash, |entry| {
            let Some(share) = &mut entry.share else { return };
            match answer {
                Answer::Given(given) => share.given(given, asked + lease, lease, now),
                Answer::Lost(_) | Answer::None => share.unanswered(now),
            }
        });
    }
}
