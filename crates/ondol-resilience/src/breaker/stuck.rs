//! Calls in flight by when they began, to know how many have been out for too long.

use crate::{Tick, breaker::StuckRule, clock::nanos};

/// Into how many parts the time after which a call is stuck is divided.
const PARTS: usize = 8;
/// The part that runs now, and those whose calls are not stuck yet.
const SLOTS: usize = PARTS + 1;

/// Counts of calls in flight: young ones by part of time, old ones together.
#[derive(Debug)]
pub(super) struct Flight {
    part_nanos: u64,
    head: u64,
    young: [u32; SLOTS],
    stuck: u32,
}

impl Flight {
    pub(super) fn new(rule: StuckRule) -> Self {
        let part_nanos = (nanos(rule.longer_than) / PARTS as u64).max(1);
        Self { part_nanos, head: 0, young: [0; SLOTS], stuck: 0 }
    }

    /// How many are stuck `now`.
    pub(super) fn stuck(&mut self, now: Tick) -> u32 {
        let part = now.as_nanos() / self.part_nanos;
        let passed = part.saturating_sub(self.head).min(SLOTS as u64);
        for step in 0..passed {
            // The slots are left in order of age: the one after the head is the oldest.
            let slot = slot(self.head + 1 + step);
            self.stuck += std::mem::take(&mut self.young[slot]);
        }
        self.head = self.head.max(part);
        self.stuck
    }

    pub(super) fn begin(&mut self, now: Tick) {
        self.stuck(now);
        // A thread may read the clock a moment before another has moved the head on.
        let part = (now.as_nanos() / self.part_nanos).max(self.oldest_young());
        self.young[slot(part)] += 1;
    }

    pub(super) fn end(&mut self, began: Tick) {
        let part = began.as_nanos() / self.part_nanos;
        let count =
            if part >= self.oldest_young() { &mut self.young[slot(part)] } else { &mut self.stuck };
        *count = count.saturating_sub(1);
    }

    const fn oldest_young(&self) -> u64 {
        self.head.saturating_sub(PARTS as u64)
    }
}

fn slot(part: u64) -> usize {
    usize::try_from(part % SLOTS as u64).expect("a number below SLOTS is an index")
}
