//! What was counted over the last days, as often as the windows need it.

use std::collections::VecDeque;
use std::time::Duration;

/// How often what is counted is kept.
const EVERY: Duration = Duration::from_secs(60);
/// For how long: three days, and an hour over.
const KEPT_MAX: usize = (3 * 24 + 1) * 60;

/// Requests that an objective is about, since the program began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that were good.
    pub good: u64,
    /// All.
    pub all: u64,
}

/// What was counted, by the running time of the clock.
#[derive(Debug, Clone, Default)]
pub struct History {
    kept: VecDeque<(Duration, Counts)>,
    last: Option<(Duration, Counts)>,
}

impl History {
    /// So much has been counted by now.
    pub fn note(&mut self, now: Duration, counts: Counts) {
        self.last = Some((now, counts));
        let is_due = self.kept.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= EVERY);
        if is_due {
            if self.kept.len() == KEPT_MAX {
                self.kept.pop_front();
            }
            self.kept.push_back((now, counts));
        }
    }

    /// How much of it is kept.
    #[cfg(test)]
    pub(super) fn kept_len(&self) -> usize {
        self.kept.len()
    }

    /// Which share of all went wrong within a window that ends now: as far back as is known, where
    /// the window is longer. Nothing, if there were no requests.
    pub fn wrong_within(&self, window: Duration) -> Option<f64> {
        let (now, last) = self.last?;
        let from = now.saturating_sub(window);
        let after = self.kept.partition_point(|(at, _)| *at <= from);
        let (_, before) = self.kept.get(after.saturating_sub(1))?;
        let all = last.all.saturating_sub(before.all);
        let good = last.good.saturating_sub(before.good).min(all);
        (all > 0).then(|| share(all - good, all))
    }
}

fn share(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share of so many is exact enough")]
    let share = part as f64 / whole as f64;
    share
}
