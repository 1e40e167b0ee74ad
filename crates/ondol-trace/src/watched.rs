//! Work that is watched: it has a span where its trace is written down whole, and gets one at its
//! end where it turns out to have failed or to have taken long.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ondol_kernel::{CorrelationId, TraceParent};
use tracing::{Span, dispatcher};

use crate::here::has_waited;
use crate::recorder::is_sampled;
use crate::{Recorder, Waited, failed};

/// What work of the house waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Its turn at a thing that others are at.
    Turn,
    /// Events that are read.
    Events,
    /// The log that writes.
    Log,
}

const NAMES: [&str; 3] = ["turn", "events", "log"];

/// Where a span comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin {
    /// The trace it goes on with: of whoever waits for it, or of what it follows.
    pub trace: Option<TraceParent>,
    /// The business flow it belongs to.
    pub correlation: Option<CorrelationId>,
    /// How long ago it began.
    pub ago: Duration,
    /// Whether it was chosen to be written down whole, if that was settled before.
    pub is_chosen: Option<bool>,
}

/// Work that is watched, if anybody listens.
#[derive(Debug)]
pub struct Watched {
    origin: Origin,
    /// When it began, by the clock of whoever listens.
    since: Option<Duration>,
    span: Span,
    waits_nanos: [AtomicU64; NAMES.len()],
}

/// What whoever listens says, if anybody does.
pub(crate) fn listening<T>(ask: impl FnOnce(&Recorder) -> T) -> Option<T> {
    let mut ask = Some(ask);
    dispatcher::get_default(|dispatch| {
        let recorder = dispatch.downcast_ref::<Recorder>()?;
        ask.take().map(|ask| ask(recorder))
    })
}

impl Watched {
    /// Work begins. The span is made only where the trace is written down whole; what belongs to
    /// none yet may begin one.
    pub fn begin(
        trace: Option<TraceParent>,
        correlation: Option<CorrelationId>,
        span: impl FnOnce(Origin) -> Span,
    ) -> Self {
        let begun = listening(|recorder| {
            (recorder.running(), trace.map_or_else(|| recorder.chooses(), is_sampled))
        });
        let is_chosen = begun.map(|(_, is_chosen)| is_chosen);
        let origin = Origin { trace, correlation, ago: Duration::ZERO, is_chosen };
        let span = if is_chosen == Some(true) { span(origin) } else { Span::none() };
        let since = begun.map(|(since, _)| since);
        Self { origin, since, span, waits_nanos: Default::default() }
    }

    /// Its span, which is none where nothing is written down yet.
    pub const fn span(&self) -> &Span {
        &self.span
    }

    /// The trace that goes out of it: its own, or else the one that has come in.
    pub fn context(&self) -> Option<TraceParent> {
        crate::context(&self.span).or(self.origin.trace)
    }

    /// Waits for something, and remembers how long.
    pub async fn wait<F: Future>(&self, what: For, future: F) -> F::Output {
        if self.since.is_none() {
            return future.await;
        }
        let since = listening(Recorder::running);
        let output = future.await;
        let until = listening(Recorder::running);
        let long = until.zip(since).map(|(until, since)| until.saturating_sub(since));
        let nanos = long.map_or(0, nanos);
        self.waits_nanos[what as usize].fetch_add(nanos, Ordering::Relaxed);
        output
    }

    /// The work has ended; with this code, if something was wrong that is not for whoever asked to
    /// mend. What has failed or taken long and has no span yet gets one.
    pub fn end(self, code: Option<&str>, span: impl FnOnce(Origin) -> Span) {
        let Some(since) = self.since else { return };
        let waits = || {
            let waits = self.waits_nanos.iter().zip(NAMES);
            let waits = waits.map(|(nanos, what)| Waited {
                what,
                long: Duration::from_nanos(nanos.load(Ordering::Relaxed)),
            });
            waits.filter(|waited| !waited.long.is_zero())
        };
        let looked = listening(|recorder| {
            (recorder.running().saturating_sub(since), recorder.sampling().slow)
        });
        let mut own = self.span.clone();
        if own.is_none()
            && let Some((ago, slow)) = looked
            && (code.is_some() || ago >= slow)
        {
            own = span(Origin { ago, ..self.origin });
        }
        if let Some(code) = code {
            failed(&own, code);
        }
        if own.is_none() {
            own = Span::current();
        }
        if !own.is_none() {
            has_waited(&own, waits());
        }
    }
}

fn nanos(long: Duration) -> u64 {
    u64::try_from(long.as_nanos()).unwrap_or(u64::MAX)
}

impl Origin {
    pub(crate) fn correlated(self) -> Option<u128> {
        self.correlation.map(CorrelationId::as_u128)
    }

    pub(crate) fn trace_id(self) -> Option<u128> {
        self.trace.map(TraceParent::trace_id)
    }

    pub(crate) fn span_id(self) -> Option<u64> {
        self.trace.map(TraceParent::parent_id)
    }

    pub(crate) fn flags(self) -> Option<u64> {
        self.trace.map(|trace| u64::from(trace.flags()))
    }

    pub(crate) fn ago_nanos(self) -> Option<u64> {
        (!self.ago.is_zero()).then(|| nanos(self.ago))
    }
}
