//! Who listens: draws ids, keeps what is known of open spans, and decides at the end what is kept.
//!
//! Whether a trace is written down whole is decided where it begins, for a share of all, and goes
//! along with it as the flag *sampled*. Whatever fails or takes long is kept besides, with all that
//! is known of it by then: that can only be said at its end.

mod layer;
mod read;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock, Rng, SeededRng};
use ondol_kernel::{Timestamp, TraceParent};

use crate::ended::{Ended, Piece};

pub use layer::is_recorded;

/// The flag of a trace that is written down whole.
const SAMPLED: u8 = 1;
/// What a share is counted in.
pub const WHOLE_SHARE: u32 = 1_000_000;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Of a million traces, how many are written down whole.
    pub share: u32,
    /// From how long on a piece of work is slow, and kept.
    pub slow: Duration,
}

impl Default for Sampling {
    /// One in twenty, and all that takes half a second.
    fn default() -> Self {
        Self { share: WHOLE_SHARE / 20, slow: Duration::from_millis(500) }
    }
}

/// Takes what is kept. It is called when a piece of work ends, by whoever did it, and must not wait.
pub trait Keep: Debug + Send + Sync {
    /// Takes a piece of work.
    fn keep(&self, piece: Piece);
}

/// Listens to the spans of the house, as a layer of what `tracing` subscribes.
#[derive(Debug)]
pub struct Recorder {
    clock: Arc<dyn Clock>,
    /// When the clock began to run: the time of day of everything follows, and never jumps.
    started: Timestamp,
    ids: SeededRng,
    sampling: Sampling,
    keep: Arc<dyn Keep>,
}

/// Spans that belong to one piece of work and have ended.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) spans: Vec<Ended>,
    pub(crate) left_out: usize,
    pub(crate) has_failed: bool,
}

impl Recorder {
    /// One that hands over what is to be kept.
    pub fn new(
        clock: Arc<dyn Clock>,
        rng: &dyn Rng,
        sampling: Sampling,
        keep: Arc<dyn Keep>,
    ) -> Self {
        let running = clock.running();
        let micros = i64::try_from(running.as_micros()).unwrap_or(i64::MAX);
        let started = clock.now().as_micros().saturating_sub(micros);
        Self {
            started: Timestamp::from_micros(started).unwrap_or_default(),
            ids: SeededRng::new(rng.number()),
            clock,
            sampling,
            keep,
        }
    }

    /// What is kept.
    pub const fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// Whether work that belongs to no trace yet begins one that is written down whole.
    pub(crate) fn chooses(&self) -> bool {
        self.ids.below(u64::from(WHOLE_SHARE)) < u64::from(self.sampling.share)
    }

    /// The time by the clock that all of it is measured with.
    pub(crate) fn running(&self) -> Duration {
        self.clock.running()
    }

    /// A new trace.
    fn begin_trace(&self, is_sampled: bool) -> TraceParent {
        let (high, low) = (self.ids.number(), self.ids.number());
        let trace = (u128::from(high) << 64) | u128::from(low);
        self.span_of(trace, u8::from(is_sampled))
    }

    /// A new span of a trace.
    fn span_of(&self, trace: u128, flags: u8) -> TraceParent {
        // Zero is no id, and one is as random as it.
        let span = self.ids.number().max(1);
        TraceParent::new(trace.max(1), span, flags).expect("neither id is zero")
    }

    /// Hands over what is to be kept.
    pub(crate) fn keep(&self, piece: Piece) {
        self.keep.keep(piece);
    }

    /// The time of day when the clock had run for so long.
    pub(crate) fn at(&self, running: Duration) -> Timestamp {
        self.started.checked_add(running).unwrap_or(self.started)
    }
}

/// Whether a trace is written down whole.
pub(crate) const fn is_sampled(context: TraceParent) -> bool {
    context.flags() & SAMPLED != 0
}
