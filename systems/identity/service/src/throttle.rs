//! How often somebody may be wrong.
//!
//! A failure is counted before it is known to be one, and taken back when it was none: many at once
//! do not slip through together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_doors::Clock;

/// How many names are counted; when there are more, those whose window is over go first, and
/// until one is, new names are refused.
const NAMES_MAX: usize = 100_000;

/// Counts failures by name. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    clock: Arc<dyn Clock>,
    window: Duration,
    counts: Arc<Mutex<HashMap<Name, Count>>>,
}

/// What is counted, as its hash: whoever makes up long names takes no more room than others.
type Name = [u8; 32];

fn named(name: &str) -> Name {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, name.as_bytes()).as_ref());
    hash
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    began: Duration,
}

/// Too often: come again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOften(pub(crate) u64);

impl Throttle {
    pub(crate) fn new(window: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { clock, window, counts: Arc::default() }
    }

    /// One more try, if there may be one.
    pub(crate) fn enter(&self, name: &str, most: u32) -> Result<(), TooOften> {
        let (now, name) = (self.clock.running(), named(name));
        let mut counts = self.counts.lock().expect("nobody panics while counting");
        if counts.len() >= NAMES_MAX && !counts.contains_key(&name) {
            counts.retain(|_, count| now.saturating_sub(count.began) < self.window);
            if counts.len() >= NAMES_MAX {
                return Err(TooOften(self.window.as_secs()));
            }
        }
        let fresh = Count { failures: 0, began: now };
        let count = counts.entry(name).or_insert(fresh);
        if now.saturating_sub(count.began) >= self.window {
            *count = fresh;
        }
        if count.failures >= most {
            let left = self.window.saturating_sub(now.saturating_sub(count.began));
            return Err(TooOften(left.as_secs().max(1)));
        }
        count.failures += 1;
        Ok(())
    }

    /// It was no failure.
    pub(crate) fn forgive(&self, name: &str) {
        let mut counts = self.counts.lock().expect("nobody panics while counting");
        if let Some(count) = counts.get_mut(&named(name)) {
            count.failures = count.failures.saturating_sub(1);
        }
    }

    /// All is forgiven.
    pub(crate) fn clear(&self, name: &str) {
        self.counts.lock().expect("nobody panics while counting").remove(&named(name));
    }
}
