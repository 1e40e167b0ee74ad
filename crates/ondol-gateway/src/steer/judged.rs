//! A canary while it runs: what is counted of its two sides, and where it stands.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Frame, SizeHint};

use super::canary::{Found, Progress};
use super::window::{Counting, Window};
use crate::body::{Body, BodyError};
use crate::config::CanaryOptions;
use crate::problem::Problem;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Baseline,
    Candidate,
}

impl Side {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        }
    }
}

/// What is counted of one side: for the next judgement, and for ever.
#[derive(Debug, Default)]
struct Counted {
    window: Counting,
    good: AtomicU64,
    bad: AtomicU64,
}

/// A canary of a route.
#[derive(Debug)]
pub(crate) struct Canary {
    from: String,
    to: String,
    release: Option<String>,
    /// What the progress says, where each request can look at it.
    share: AtomicU8,
    progress: Mutex<Progress>,
    /// Of intervals that could not be concluded.
    pending: Mutex<(Window, Window)>,
    baseline: Counted,
    candidate: Counted,
    /// What was found so often.
    found: Mutex<std::collections::BTreeMap<&'static str, u64>>,
    last: Mutex<Option<String>>,
}

impl Canary {
    pub(super) fn new(options: &CanaryOptions, progress: Option<Progress>) -> Self {
        let progress = progress.unwrap_or_else(|| Progress::begin(options));
        Self {
            from: options.from.clone(),
            to: options.to.clone(),
            release: options.release.clone(),
            share: AtomicU8::new(progress.share),
            progress: Mutex::new(progress),
            pending: Mutex::default(),
            baseline: Counted::default(),
            candidate: Counted::default(),
            found: Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// Whether it tries what these options say.
    pub(super) fn tries(&self, options: &CanaryOptions) -> bool {
        self.from == options.from && self.to == options.to && self.release == options.release
    }

    pub(super) fn tried(&self) -> (String, String, Option<String>) {
        (self.from.clone(), self.to.clone(), self.release.clone())
    }

    /// Percent of the requests that go to the candidate.
    pub(crate) fn share(&self) -> u8 {
        self.share.load(Ordering::Relaxed)
    }

    pub(crate) fn progress(&self) -> Progress {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().expect("nobody panics while holding the progress")
    }

    fn counted(&self, side: Side) -> &Counted {
        match side {
            Side::Baseline => &self.baseline,
            Side::Candidate => &self.candidate,
        }
    }

    /// Good and bad answers of a side since the start.
    pub(crate) fn totals(&self, side: Side) -> (u64, u64) {
        let Counted { good, bad, .. } = self.counted(side);
        (good.load(Ordering::Relaxed), bad.load(Ordering::Relaxed))
    }

    /// How often what was found.
    pub(crate) fn findings(&self) -> Vec<(&'static str, u64)> {
        let found = self.found.lock().expect("nobody panics while holding what was found");
        found.iter().map(|(name, number)| (*name, *number)).collect()
    }

    /// What was found last, for people.
    pub(crate) fn last(&self) -> Option<String> {
        self.last.lock().expect("nobody panics while holding what was found").clone()
    }

    /// Changes where it stands. What was counted before says nothing about what comes.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        let mut progress = self.held();
        let outcome = change(&mut progress);
        self.share.store(progress.share, Ordering::Relaxed);
        drop(self.take());
        outcome
    }

    fn take(&self) -> (Window, Window) {
        let mut pending = self.pending.lock().expect("nobody panics while holding windows");
        let (baseline, candidate) = std::mem::take(&mut *pending);
        let (more, most) = (self.baseline.window.take(), self.candidate.window.take());
        (baseline.and(&more), candidate.and(&most))
    }

    /// An interval is over. What was found, and whether anything has moved by it.
    pub(super) fn judge(
        &self,
        options: &CanaryOptions,
        at_micros: i64,
        acts: bool,
    ) -> (Found, bool) {
        let mut progress = self.held();
        let (baseline, candidate) = self.take();
        let judgement = progress.judge(options, &baseline, &candidate, at_micros);
        if !judgement.concluded && judgement.progress.stage == progress.stage {
            *self.pending.lock().expect("nobody panics while holding windows") =
                (baseline, candidate);
        }
        let name = judgement.found.name();
        *self
            .found
            .lock()
            .expect("nobody panics while holding what was found")
            .entry(name)
            .or_default() += 1;
        *self.last.lock().expect("nobody panics while holding what was found") =
            Some(judgement.found.to_string());
        let moved = acts && judgement.progress != *progress;
        if acts {
            *progress = judgement.progress;
            self.share.store(progress.share, Ordering::Relaxed);
        }
        (judgement.found, moved)
    }

    /// Nothing is judged now: what was counted is let go.
    pub(super) fn forget(&self) {
        drop(self.take());
    }

    /// Takes note of what became of a request.
    pub(crate) fn note(
        self: &Arc<Self>,
        side: Side,
        took: Duration,
        outcome: Result<Response<Body>, Problem>,
    ) -> Result<Response<Body>, Problem> {
        let counted = self.counted(side);
        let fails = match &outcome {
            Ok(response) => response.status().is_server_error(),
            // What the client did wrong says nothing.
            Err(problem) if problem.status().is_server_error() => true,
            Err(_) => return outcome,
        };
        if fails {
            counted.window.failed();
            counted.bad.fetch_add(1, Ordering::Relaxed);
            return outcome;
        }
        counted.window.succeeded(took);
        counted.good.fetch_add(1, Ordering::Relaxed);
        outcome.map(|response| self.watched(side, response))
    }

    /// An answer whose end is looked at, if that has not come yet.
    fn watched(self: &Arc<Self>, side: Side, response: Response<Body>) -> Response<Body> {
        if response.status() == http::StatusCode::SWITCHING_PROTOCOLS
            || response.body().whole().is_some()
        {
            return response;
        }
        let canary = Arc::clone(self);
        response.map(|body| Body::wrap(WatchedBody { body, side, canary }))
    }
}

/// Passes an answer on, and notices when it breaks off.
struct WatchedBody {
    body: Body,
    side: Side,
    canary: Arc<Canary>,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = ready!(this.body.poll_next(cx));
        if let Some(Err(_)) = &frame {
            let counted = this.canary.counted(this.side);
            counted.window.cut();
            counted.bad.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}
