//! Waiting for a condition, for a limited time.

use std::time::{Duration, Instant};

/// How long to leave the machine to others between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks until there is an answer, or until the limit has passed.
#[expect(
    clippy::disallowed_methods,
    reason = "another process is waited for: it lives in real time"
)]
pub(crate) fn wait_for<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(answer) = look() {
            return Some(answer);
        }
        if started.elapsed() > limit {
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
