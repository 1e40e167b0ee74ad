//! What is counted of a cache.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use super::shelf::Size;

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Hit,
    /// Given while it was asked for anew, or in place of an error.
    Stale,
    /// Given because the backend says it is as good as new.
    Revalidated,
    /// Given after another had asked for it.
    Collapsed,
    Miss,
    /// Not a question for the cache.
    Bypass,
}

const NAMES: [&str; 6] = ["hit", "stale", "revalidated", "collapsed", "miss", "bypass"];

/// Counters.
#[derive(Debug, Default)]
pub(crate) struct CacheMeter([AtomicU64; 6]);

impl CacheMeter {
    pub(crate) fn count(&self, outcome: Outcome) {
        let index = match outcome {
            Outcome::Hit => 0,
            Outcome::Stale => 1,
            Outcome::Revalidated => 2,
            Outcome::Collapsed => 3,
            Outcome::Miss => 4,
            Outcome::Bypass => 5,
        };
        self.0[index].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn write(&self, route: &str, size: Size, out: &mut String) -> std::fmt::Result {
        for (name, counter) in NAMES.iter().zip(&self.0) {
            let number = counter.load(Ordering::Relaxed);
            let labels = format!("route=\"{route}\",outcome=\"{name}\"");
            writeln!(out, "ondol_gateway_cache_requests_total{{{labels}}} {number}")?;
        }
        let Size { answers, bytes, evicted } = size;
        writeln!(out, "ondol_gateway_cache_answers{{route=\"{route}\"}} {answers}")?;
        writeln!(out, "ondol_gateway_cache_bytes{{route=\"{route}\"}} {bytes}")?;
        writeln!(out, "ondol_gateway_cache_evicted_total{{route=\"{route}\"}} {evicted}")
    }
}
