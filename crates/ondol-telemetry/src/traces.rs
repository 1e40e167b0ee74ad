//! The traces of the last while, kept in memory: whoever looks needs nothing but the process.
//!
//! What failed or was slow is kept apart from what was chosen, each within bounds of its own, so
//! that no number of good requests drives out the one that went wrong. Texts are kept as they were
//! given and masked on their way out.

mod http;
mod ring;
mod shown;
mod tree;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ondol_kernel::CorrelationId;
use ondol_trace::{Keep, Piece, Sampling, WHOLE_SHARE, Why};
use serde::{Deserialize, Serialize};

pub use http::router;
pub use shown::{ShownSpan, ShownTold, Summary, name_of};
pub use tree::{Hop, Node, Tree};

use ring::Ring;

/// How many traces a question is answered with at most.
pub const TRACES_PER_PAGE_MAX: usize = 200;

/// Which traces are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceOptions {
    /// Of a million traces, how many are written down whole and kept. What fails or is slow is
    /// kept besides.
    pub share_per_million: u32,
    /// From how many milliseconds on something is slow.
    pub slow_ms: u64,
    /// How many bytes of memory traces may take.
    pub kept_bytes_max: usize,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { share_per_million: 50_000, slow_ms: 500, kept_bytes_max: 16 << 20 }
    }
}

impl TraceOptions {
    /// What is kept of what is done.
    pub fn sampling(&self) -> Sampling {
        Sampling {
            share: self.share_per_million.min(WHOLE_SHARE),
            slow: Duration::from_millis(self.slow_ms),
        }
    }
}

/// Which traces somebody wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceQuestion {
    /// Only those in which something went wrong.
    pub failed: bool,
    /// Only those that took at least so many milliseconds.
    pub longer_ms: u64,
    /// Only those of this business flow.
    pub correlation: Option<CorrelationId>,
    /// Only those in which a span's name holds this.
    pub name: Option<String>,
    /// How many at most.
    pub limit: Option<usize>,
}

/// The traces of the last while. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Traces {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug)]
struct Kept {
    /// What failed or was slow.
    odd: Ring,
    /// What was chosen.
    chosen: Ring,
}

impl Traces {
    /// None yet, in so many bytes at most.
    pub fn within(bytes_max: usize) -> Self {
        let half = bytes_max / 2;
        let kept = Kept { odd: Ring::within(half), chosen: Ring::within(half) };
        Self { kept: Arc::new(Mutex::new(kept)) }
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        let kept = self.locked();
        kept.odd.bytes() + kept.chosen.bytes()
    }

    /// The traces that somebody wants to see, the newest first.
    pub fn list(&self, question: &TraceQuestion) -> Vec<Summary> {
        let kept = self.locked();
        let pieces: Vec<Arc<Piece>> = kept.odd.pieces().chain(kept.chosen.pieces()).collect();
        drop(kept);
        shown::summaries(&pieces, question)
    }

    /// One trace as a tree; nothing if none of it is kept.
    pub fn tree(&self, trace: u128) -> Option<Tree> {
        let is_of_it = |piece: &Arc<Piece>| {
            piece.spans.first().is_some_and(|span| span.context.trace_id() == trace)
        };
        let kept = self.locked();
        let pieces = kept.odd.pieces().chain(kept.chosen.pieces());
        let pieces: Vec<Arc<Piece>> = pieces.filter(is_of_it).collect();
        drop(kept);
        (!pieces.is_empty()).then(|| tree::grown(trace, &pieces))
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Traces {
    /// Keeps a piece of work.
    pub(crate) fn push(&self, piece: Arc<Piece>) {
        let mut kept = self.locked();
        let ring = match piece.why {
            Why::Failed | Why::Slow => &mut kept.odd,
            Why::Chosen => &mut kept.chosen,
        };
        let driven_out = ring.push(piece);
        drop(kept);
        // Freed when nobody waits for the lock any more.
        drop(driven_out);
    }
}

impl Keep for Traces {
    fn keep(&self, piece: Piece) {
        self.push(Arc::new(piece));
    }
}

#[cfg(test)]
mod tests;
