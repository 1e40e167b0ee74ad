//! How often something happened of late, for each key by itself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::config::AlertOptions;

/// Keys that are counted.
const KEYS_MAX: usize = 10_000;

/// Counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Windows(Arc<Mutex<HashMap<String, Window>>>);

#[derive(Debug, Default)]
struct Window {
    times: VecDeque<Duration>,
    raised: Option<Duration>,
}

impl Window {
    fn last(&self) -> Duration {
        self.times.back().copied().max(self.raised).unwrap_or_default()
    }
}

impl Windows {
    /// Counts once more. The number, if that raises an alarm.
    pub(super) fn count(&self, key: &str, now: Duration, options: &AlertOptions) -> Option<usize> {
        let mut windows = self.0.lock().expect("nobody panics while counting");
        if !windows.contains_key(key) && windows.len() >= KEYS_MAX {
            make_room(&mut windows, now, options);
        }
        let window = windows.entry(key.to_owned()).or_default();
        window.times.push_back(now);
        while window.times.front().is_some_and(|time| now.saturating_sub(*time) > options.within) {
            window.times.pop_front();
        }
        // As many as it takes, and not more.
        while window.times.len() > options.count {
            window.times.pop_front();
        }
        let quiet = window.raised.is_some_and(|at| now.saturating_sub(at) < options.quiet);
        if window.times.len() < options.count || quiet {
            return None;
        }
        window.raised = Some(now);
        Some(std::mem::take(&mut window.times).len())
    }
}

/// Forgets what is over; if that is nothing, the one that was counted longest ago.
fn make_room(windows: &mut HashMap<String, Window>, now: Duration, options: &AlertOptions) {
    let over = options.within.max(options.quiet);
    windows.retain(|_, window| now.saturating_sub(window.last()) <= over);
    if windows.len() >= KEYS_MAX {
        let oldest = windows.iter().min_by_key(|(_, window)| window.last());
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            windows.remove(&key);
        }
    }
}
