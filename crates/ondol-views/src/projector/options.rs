//! How a view is projected: how much at a time, how much in memory, how often again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a view is projected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectorOptions {
    /// Events that are read from a log at a time.
    pub page_events_max: usize,
    /// Pages that may be read ahead of the fold.
    pub pages_ahead_max: usize,
    /// Events that are folded between two commits while the view is behind.
    pub chunk_events_max: usize,
    /// Documents that may have changed between two commits while the view is behind.
    pub chunk_documents_max: usize,
    /// Milliseconds between two commits at the most while the view is behind.
    pub chunk_ms_max: u64,
    /// Documents that are held folded in memory.
    pub cache_documents_max: usize,
    /// Bytes, about, of the documents that are held folded in memory.
    pub cache_bytes_max: usize,
    /// Milliseconds to wait before going on after a first failure; twice as long after each.
    pub retry_ms_min: u64,
    /// Milliseconds to wait before going on at the most.
    pub retry_ms_max: u64,
    /// How many events behind a build may be to take the place of the one that serves: for so
    /// many the old one stands still.
    pub swap_events_max: u64,
    /// Whether a build takes the place of an older one by itself once it has caught up.
    pub swaps_by_itself: bool,
}

/// Why the options cannot be used: every problem there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of a projector cannot be used: {}", .problems.join("; "))]
pub struct ProjectorOptionsError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Default for ProjectorOptions {
    fn default() -> Self {
        Self {
            page_events_max: 5_000,
            pages_ahead_max: 2,
            chunk_events_max: 1_000_000,
            chunk_documents_max: 100_000,
            chunk_ms_max: 2_000,
            cache_documents_max: 200_000,
            cache_bytes_max: 128 << 20,
            retry_ms_min: 50,
            retry_ms_max: 10_000,
            swap_events_max: 10_000,
            swaps_by_itself: true,
        }
    }
}

impl ProjectorOptions {
    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), ProjectorOptionsError> {
        let rules = [
            (!(1..=10_000).contains(&self.page_events_max), "page_events_max is not in 1 to 10000"),
            (!(1..=16).contains(&self.pages_ahead_max), "pages_ahead_max is not in 1 to 16"),
            (self.chunk_events_max == 0, "chunk_events_max is zero"),
            (self.chunk_documents_max == 0, "chunk_documents_max is zero"),
            (
                self.chunk_documents_max > self.cache_documents_max,
                "chunk_documents_max is more than cache_documents_max",
            ),
            (self.cache_bytes_max < 1 << 20, "cache_bytes_max is under 1 MiB"),
            (self.retry_ms_min == 0, "retry_ms_min is zero"),
            (self.retry_ms_max < self.retry_ms_min, "retry_ms_max is less than retry_ms_min"),
        ];
        let problems: Vec<String> = rules
            .iter()
            .filter(|(is_broken, _)| *is_broken)
            .map(|(_, rule)| (*rule).to_owned())
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(ProjectorOptionsError { problems }) }
    }

    /// How long to wait after so many failures in a row.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let doubled = self.retry_ms_min.saturating_mul(1 << failures.saturating_sub(1).min(20));
        Duration::from_millis(doubled.min(self.retry_ms_max))
    }
}
