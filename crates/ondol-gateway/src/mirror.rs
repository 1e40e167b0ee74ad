//! The parallel run of an old and a new system: requests are copied to the new one, and its answers held
//! against those that clients get.
//!
//! A copy is made as the request and its answer pass, and sent when both are over: the real one is neither
//! delayed nor failed by it. Copies wait in a queue that is bounded, in number and in bytes; what finds
//! it full is let go and counted. What is found out lives by the route's name over reloads.

mod compare;
mod copying;
mod report;
mod tell;
mod work;

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::HeaderName;
use ondol_doors::Rng;
use tokio::sync::Notify;

use crate::body::Body;
use crate::config::{MirrorOptions, Values, Writes};
use crate::handle::{Ask, Peer};
use crate::http1::Waits;
use compare::Answer;
pub(crate) use copying::Copying;
use report::Report;
pub(crate) use work::work;

/// What became of a request that might have been copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Sent,
    Compared,
    /// It would change something.
    Suppressed,
    TooLarge,
    QueueFull,
    /// It or its answer broke off.
    Lost,
    /// The candidate gave no answer.
    Failed,
}

impl Outcome {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Sent, "sent"),
        (Self::Compared, "compared"),
        (Self::Suppressed, "suppressed"),
        (Self::TooLarge, "too_large"),
        (Self::QueueFull, "queue_full"),
        (Self::Lost, "lost"),
        (Self::Failed, "failed"),
    ];

    fn place(self) -> usize {
        Self::ALL.iter().position(|(outcome, _)| *outcome == self).unwrap_or(0)
    }
}

/// A copy that waits.
pub(crate) struct Job {
    pub(crate) ask: Ask,
    pub(crate) target: String,
    pub(crate) peer: Arc<Peer>,
    pub(crate) waits: Waits,
    pub(crate) body: Bytes,
    pub(crate) answer: Answer,
}

/// What belongs to the mirror of a route, and outlives configurations.
#[derive(Default)]
pub(crate) struct Mirror {
    to: String,
    again: Option<String>,
    queue: Mutex<VecDeque<Box<Job>>>,
    more: Notify,
    counted: [AtomicU64; 7],
    report: Mutex<Report>,
    /// By which values are hashed: another one each time that a gateway is started.
    salt: RandomState,
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror").field("to", &self.to).finish_non_exhaustive()
    }
}

/// A route's mirror, as its configuration has it.
pub(crate) struct Mirroring {
    pub(crate) options: MirrorOptions,
    pub(crate) mark: HeaderName,
    pub(crate) mirror: Arc<Mirror>,
}

impl Mirroring {
    pub(crate) fn new(options: &MirrorOptions, mirror: Arc<Mirror>) -> Option<Self> {
        let mark = HeaderName::from_bytes(options.mark.as_bytes()).ok()?;
        Some(Self { options: options.clone(), mark, mirror })
    }

    /// Begins to copy a request, if it is one of those that are copied.
    pub(crate) fn begin(
        &self,
        ask: &Ask,
        body: &mut Body,
        job: impl FnOnce(Ask) -> Job,
        rng: &dyn Rng,
    ) -> Option<Copying> {
        if !crate::gateway::strikes(self.options.percent, rng) {
            return None;
        }
        if self.options.writes == Writes::Suppress && !ask.method.is_safe() {
            self.mirror.count(Outcome::Suppressed);
            return None;
        }
        let copy = Ask { method: ask.method.clone(), headers: ask.headers.clone() };
        Copying::begin(&self.mirror, &self.options, job(copy), body)
    }
}

impl Mirror {
    /// One that copies as these options say.
    pub(crate) fn new(options: &MirrorOptions) -> Self {
        let (to, again) = (options.to.clone(), options.again.clone());
        Self { to, again, ..Self::default() }
    }

    /// Whether what it has found out is about what these options compare.
    pub(crate) fn compares(&self, options: &MirrorOptions) -> bool {
        self.to == options.to && self.again == options.again
    }

    fn count(&self, outcome: Outcome) {
        self.counted[outcome.place()].fetch_add(1, Ordering::Relaxed);
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Box<Job>>> {
        self.queue.lock().expect("nobody panics while holding the queue")
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().expect("nobody panics while holding the report")
    }

    fn push(&self, job: Box<Job>, queue_max: usize) {
        let mut queue = self.queue();
        if queue.len() >= queue_max {
            drop(queue);
            self.count(Outcome::QueueFull);
            return;
        }
        queue.push_back(job);
        drop(queue);
        self.more.notify_one();
    }

    /// The next copy.
    async fn next(&self) -> Box<Job> {
        loop {
            let next = self.queue().pop_front();
            match next {
                Some(job) => return job,
                None => self.more.notified().await,
            }
        }
    }

    /// Answers that have been compared.
    pub(crate) fn compared(&self) -> u64 {
        self.report().compared()
    }

    /// Begins anew to find out.
    pub(crate) fn forget(&self) {
        *self.report() = Report::default();
    }

    /// A value as it may be shown.
    fn shown(&self, value: &str, how: Values) -> String {
        const LETTERS_MAX: usize = 80;
        let kind = match value.as_bytes().first() {
            Some(b'"') => "string",
            Some(b'{') => "object",
            Some(b'[') => "array",
            Some(b't' | b'f') => "truth",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "number",
            _ => "text",
        };
        match how {
            Values::Show => value.chars().take(LETTERS_MAX).collect(),
            Values::Mask => format!("{kind} of {} letters", value.chars().count()),
            Values::Hash => format!("{kind} #{:08x}", self.salt.hash_one(value) >> 32),
        }
    }
}
